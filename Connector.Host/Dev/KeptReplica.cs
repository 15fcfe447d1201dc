using System.ComponentModel;
using System.Globalization;
using Connector.Host.Errors;
using Connector.Host.Running;

namespace Connector.Host.Dev;

/// <summary>Keeps one child process running: starts it, starts it again when it ends, and ends it.</summary>
/// <param name="launch">Starts the process; its lines go to the second argument.</param>
/// <param name="say">For people, one line.</param>
/// <param name="changed">Called when <see cref="Ready"/> has changed, on any thread.</param>
internal sealed class KeptReplica(
    ChildReplica child, Func<ChildReplica, Action<string>, ISupervisedProcess> launch, TimeProvider time, Action<string> say, Action changed)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(5);

    private readonly RestartPolicy policy = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private ISupervisedProcess? process;
    private ReadyReplica? ready;
    private string lastWords = "";

    public int Number => child.Number;

    /// <summary>Null while it does not run, or is still starting.</summary>
    public ReadyReplica? Ready => Volatile.Read(ref ready);

    /// <summary>Returns when it was stopped, with null, or is given up, with the reason. Never faults.</summary>
    public async Task<string?> RunAsync()
    {
        while (true)
        {
            var began = time.GetTimestamp();
            var (running, how) = Launch();
            if (running is not null)
            {
                using var lives = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
                var starting = WaitUntilReadyAsync(running.Id, lives.Token);
                how = Words(await running.Ended.ConfigureAwait(false));
                await lives.CancelAsync().ConfigureAwait(false);
                await starting.ConfigureAwait(false);
                Show(null);
                running.Dispose();
            }

            if (stopping.IsCancellationRequested)
            {
                return null;
            }

            var words = Volatile.Read(ref lastWords);
            var because = words.Length == 0 ? how : $"{how}, after \"{words}\"";
            switch (policy.Ended(time.GetElapsedTime(began)))
            {
                case RestartDecision.GiveUp gaveUp:
                    var reason = $"{gaveUp.Reason}, the last time {because}";
                    say($"Replica {child.Number} is given up: {reason}.");
                    return reason;
                case RestartDecision.After after:
                    say(string.Create(CultureInfo.InvariantCulture, $"Replica {child.Number} {because}; it is started again in {after.Wait.TotalSeconds:0.#} s."));
                    try
                    {
                        await Task.Delay(after.Wait, time, stopping.Token).ConfigureAwait(false);
                    }
                    catch (OperationCanceledException)
                    {
                        return null;
                    }

                    break;
            }
        }
    }

    /// <summary>Asks it to stop, and kills it when it has not within the time. It is not started again.</summary>
    public async Task StopAsync(TimeSpan within, CancellationToken atOnce)
    {
        ISupervisedProcess? running;
        lock (gate)
        {
            stopping.Cancel();
            running = process;
        }

        if (running is null || running.Ended.IsCompleted)
        {
            return;
        }

        if (!atOnce.IsCancellationRequested)
        {
            running.AskToStop();
            await EndedAsync(running, within, atOnce).ConfigureAwait(false);
        }

        if (!running.Ended.IsCompleted)
        {
            say(atOnce.IsCancellationRequested
                ? $"Replica {child.Number} (process {running.Id}) is killed: asked for a second time to stop."
                : string.Create(CultureInfo.InvariantCulture, $"Replica {child.Number} (process {running.Id}) did not stop within {within.TotalSeconds:0} s and is killed."));
            running.Kill();
            await EndedAsync(running, KillTime, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private (ISupervisedProcess? Process, string How) Launch()
    {
        try
        {
            // A file of the process before would be taken for this one's.
            File.Delete(child.ReadyFile);
            Volatile.Write(ref lastWords, "");
            lock (gate)
            {
                if (stopping.IsCancellationRequested)
                {
                    return (null, "was stopped");
                }

                process = launch(child, Heard);
                return (process, "");
            }
        }
        catch (Exception failure) when (failure is Win32Exception || FileFailure.Is(failure))
        {
            return (null, $"could not be started: {failure.Message.TrimEnd('.')}");
        }
    }

    private void Heard(string line)
    {
        say($"[{child.Number}] {line}");
        if (line.StartsWith("error: ", StringComparison.Ordinal) || line.StartsWith("internal error: ", StringComparison.Ordinal))
        {
            Volatile.Write(ref lastWords, line);
        }
    }

    private async Task WaitUntilReadyAsync(int processId, CancellationToken lives)
    {
        try
        {
            while (true)
            {
                if (ReadyFile.Read(child.ReadyFile) is { Replicas: [var replica, ..] } && replica.Pid == processId)
                {
                    Show(replica);
                    return;
                }

                await Task.Delay(Poll, time, lives).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // It has ended.
        }
        catch (ConnectorError failure)
        {
            say($"Replica {child.Number} runs, and its address is not known: {failure.Message}");
        }
    }

    private void Show(ReadyReplica? now)
    {
        if (Interlocked.Exchange(ref ready, now) != now)
        {
            changed();
        }
    }

    private static async Task EndedAsync(ISupervisedProcess running, TimeSpan within, CancellationToken cancellationToken)
    {
        try
        {
            await running.Ended.WaitAsync(within, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception over) when (over is TimeoutException or OperationCanceledException)
        {
            // What is done then is the caller's.
        }
    }

    private static string Words(int exitCode) => exitCode switch
    {
        128 + UnixSignals.Kill => "was killed (SIGKILL)",
        128 + UnixSignals.Terminate => "was ended (SIGTERM)",
        _ => string.Create(CultureInfo.InvariantCulture, $"ended with exit code {exitCode}"),
    };
}
