using Connector.Host.Configuration;
using Connector.Host.Errors;

namespace Connector.Host.Running;

/// <summary>Waiting for the end of what was started, and ending it.</summary>
internal static class RunningRoles
{
    /// <summary>Returns when asked to stop or when one of them ended by itself; throws what one of them died of.</summary>
    public static async Task<ExitCode> UntilStoppedAsync(HostEnvironment environment, IReadOnlyCollection<Task> completions, CancellationToken stopping)
    {
        var asked = Task.Delay(Timeout.Infinite, stopping);
        var first = await Task.WhenAny([asked, .. completions]);
        if (first == asked)
        {
            await environment.Error.WriteLineAsync("Stopping ...");
            return ExitCode.Ok;
        }

        await first;
        if (first is Task<string> told)
        {
            await environment.Error.WriteLineAsync($"Stopped: {await told}");
        }

        return ExitCode.Ok;
    }

    /// <summary>Never throws: what was running is over either way, and the first failure is the one to report.</summary>
    /// <param name="atOnce">Waits no longer.</param>
    public static async Task StopAsync(Func<CancellationToken, Task> stop, TimeSpan deadline, CancellationToken atOnce = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(atOnce);
        limit.CancelAfter(deadline);
        try
        {
            await stop(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception)
        {
            // Roles log their own failures to stop.
        }
    }
}
