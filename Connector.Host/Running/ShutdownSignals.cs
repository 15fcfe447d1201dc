using System.Runtime.InteropServices;

namespace Connector.Host.Running;

/// <summary>
/// SIGTERM and SIGINT for the whole process. The hosts in it do not listen for signals themselves: under <c>dev</c> there are two, and the replica has to
/// drain before its server goes away. A second signal ends the process at once.
/// </summary>
internal sealed class ShutdownSignals : IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly PosixSignalRegistration[] registrations;

    public ShutdownSignals() => registrations = [Register(PosixSignal.SIGTERM), Register(PosixSignal.SIGINT)];

    public CancellationToken Stopping => stopping.Token;

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        stopping.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        // Not cancelled, the second signal takes its usual course and ends the process.
        context.Cancel = !stopping.IsCancellationRequested;
        stopping.Cancel();
    });
}
