namespace Connector.Host.Errors;

/// <summary>The one place where an exception becomes words and an exit code.</summary>
public static class ErrorBoundary
{
    /// <param name="debug">Whether the details of an unexpected exception are wanted.</param>
    public static async Task<int> RunAsync(Func<Task<ExitCode>> command, TextWriter error, Func<bool> debug, CancellationToken cancellationToken)
    {
        try
        {
            return (int)await command();
        }
        catch (ConnectorError mistake)
        {
            await error.WriteLineAsync($"error: {mistake.Message}");
            if (debug() && mistake.InnerException is not null)
            {
                await error.WriteLineAsync(mistake.InnerException.ToString());
            }

            return (int)mistake.ExitCode;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop before everything had started.
            return (int)ExitCode.Ok;
        }
        catch (Exception defect)
        {
            var line = defect.Message.ReplaceLineEndings(" ");
            await error.WriteLineAsync($"internal error: {defect.GetType().Name}: {line} (set BORDER0_LOG_LEVEL=debug for the details, and please report it)");
            if (debug())
            {
                await error.WriteLineAsync(defect.ToString());
            }

            return (int)ExitCode.Internal;
        }
    }
}
