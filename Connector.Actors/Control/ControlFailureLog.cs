using Akka.Event;

namespace Connector.Actors.Control;

/// <summary>One line per kind of failure until the session is open again; what repeats goes to debug. Not thread-safe: it belongs to one actor.</summary>
/// <param name="localLog">For refused tokens, which are told to whoever runs this replica and never to the control plane.</param>
internal sealed class ControlFailureLog(ILoggingAdapter log, ILoggingAdapter localLog)
{
    private ControlFailureKind? last;

    /// <summary>The session is open: the next failure is news.</summary>
    public void Over() => last = null;

    public void Log(ControlFailure failure, int inARow)
    {
        if (last == failure.Kind)
        {
            log.Debug("control session: {Reason}; failure {Failures} in a row", failure.Reason, inARow);
            return;
        }

        last = failure.Kind;
        switch (failure.Kind)
        {
            case ControlFailureKind.Unauthenticated:
                localLog.Error("the control plane refuses this connector's token: {Reason}; check or replace the token, this replica keeps trying", failure.Reason);
                break;
            case ControlFailureKind.AlreadyConnected:
                log.Warning("no control session: {Reason}; stop the other process or use a connector of its own, this replica keeps trying", failure.Reason);
                break;
            default:
                log.Warning("no control session: {Reason}; sockets stay in service, this replica keeps trying", failure.Reason);
                break;
        }
    }
}
