using Connector.Host.Configuration;
using Connector.Host.Errors;

namespace Connector.Host.Running;

/// <summary>Waiting for the end of what was started, and ending it.</summary>
internal static class RunningRoles
{
    private static readonly TimeSpan LongestWord = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns when asked to stop or when one of them ended by itself; throws what one of them died of.</summary>
    public static async Task<ExitCode> UntilStoppedAsync(HostEnvironment environment, IReadOnlyCollection<Task> completions, CancellationToken stopping)
    {
        var asked = Task.Delay(Timeout.Infinite, stopping);
        var first = await Task.WhenAny([asked, .. completions]);
        if (first == asked)
        {
            await SayAsync(environment, "Stopping ...");
            return ExitCode.Ok;
        }

        await first;
        if (first is Task<string> told)
        {
            await SayAsync(environment, $"Stopped: {await told}");
        }

        return ExitCode.Ok;
    }

    /// <summary>For people. An output that nobody reads holds up no end.</summary>
    public static Task SayAsync(HostEnvironment environment, string words)
        => Task.WhenAny(Task.Run(() => environment.Error.WriteLineAsync(words)), Task.Delay(LongestWord));

    /// <summary>Never throws: what was running is over either way, and the first failure is the one to report.</summary>
    /// <param name="stop">Given a token that is cancelled at the deadline.</param>
    /// <param name="atOnce">Waits no longer. What is being stopped is left alone: the end of the process ends it.</param>
    public static async Task StopAsync(Func<CancellationToken, Task> stop, TimeSpan deadline, CancellationToken atOnce = default)
    {
        using var limit = new CancellationTokenSource(deadline);
        var over = limit.Token;
        try
        {
            // Away from here: a stop that blocks must not keep the second request from being heard.
            await Task.Run(() => stop(over), CancellationToken.None).WaitAsync(deadline, atOnce);
        }
        catch (Exception)
        {
            // Roles log their own failures to stop.
        }
    }
}
