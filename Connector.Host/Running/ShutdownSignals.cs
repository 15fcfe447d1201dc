using System.Runtime.InteropServices;
using Connector.Host.Errors;

namespace Connector.Host.Running;

/// <summary>
/// SIGTERM and SIGINT for the whole process. The hosts in it do not listen for signals themselves: under <c>dev</c> there are two, and the replica has to
/// drain before its server goes away. A second signal ends the process at once, with the exit code of a normal stop. SIGINT stays ignored in a process that
/// was started so, as shells start what they put in the background: the runtime keeps it that way.
/// </summary>
internal sealed class ShutdownSignals : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource atOnce = new();
    private readonly PosixSignalRegistration[] registrations;
    private readonly Action<int> exit;
    private int requests;
    private int ending;

    /// <param name="supervised">SIGINT is for the parent: a terminal sends it to the whole family, and the parent says when to stop.</param>
    /// <param name="exit">Ends the process, whatever it is doing, for when nobody listens to <see cref="AtOnce"/> or the way out is blocked.</param>
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
            // A thread of its own, which nothing takes back: neither a pool without free threads nor the end of Main may be in its way.
            new Thread(() =>
            {
                Thread.Sleep(Patience);
                exit((int)ExitCode.Ok);
            }) { IsBackground = true, Name = "last resort" }.Start();

            // Not on the caller's thread: whoever hears it may block, and both have to be heard.
            _ = stopping.CancelAsync();
            atOnce.Cancel();
        }
    }

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        stopping.Dispose();
        atOnce.Dispose();
    }

    private static PosixSignalRegistration Register(PosixSignal signal, Action heard) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        heard();
    });
}
