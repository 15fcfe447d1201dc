using System.Runtime.InteropServices;
using Connector.Host.Errors;

namespace Connector.Host.Running;

/// <summary>
/// SIGTERM and SIGINT for the whole process. The hosts in it do not listen for signals themselves: under <c>dev</c> there are two, and the replica has to
/// drain before its server goes away. A second signal ends the process at once, with the exit code of a normal stop.
/// </summary>
internal sealed class ShutdownSignals : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource atOnce = new();
    private readonly PosixSignalRegistration[] registrations;
    private readonly Action<int> exit;
    private Timer? lastResort;
    private int requests;
    private int ending;

    /// <param name="supervised">SIGINT is for the parent: a terminal sends it to the whole family, and the parent says when to stop.</param>
    /// <param name="exit">Ends the process, for when nobody listens to <see cref="AtOnce"/>.</param>
    public ShutdownSignals(bool supervised, Action<int> exit)
    {
        this.exit = exit;
        registrations =
        [
            Register(PosixSignal.SIGTERM, Request),
            Register(PosixSignal.SIGINT, supervised ? static () => { } : Request),
        ];
    }

    /// <summary>Cancelled by the first request.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <summary>Cancelled by the second.</summary>
    public CancellationToken AtOnce => atOnce.Token;

    /// <summary>As a signal does.</summary>
    public void Request()
    {
        if (Interlocked.Increment(ref requests) == 1)
        {
            stopping.Cancel();
        }
        else
        {
            StopAtOnce();
        }
    }

    public void StopAtOnce()
    {
        Interlocked.Increment(ref requests);
        if (Interlocked.Exchange(ref ending, 1) == 0)
        {
            lastResort = new Timer(_ => exit((int)ExitCode.Ok), null, Patience, Timeout.InfiniteTimeSpan);
            stopping.Cancel();
            atOnce.Cancel();
        }
    }

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        lastResort?.Dispose();
        stopping.Dispose();
        atOnce.Dispose();
    }

    private static PosixSignalRegistration Register(PosixSignal signal, Action heard) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        heard();
    });
}
