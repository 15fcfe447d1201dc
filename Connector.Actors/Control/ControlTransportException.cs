namespace Connector.Actors.Control;

/// <summary>A control stream could not be opened, or ended otherwise than by a clean end.</summary>
public sealed class ControlTransportException(ControlFailure failure, Exception? inner = null) : Exception(failure.Reason, inner)
{
    public ControlFailure Failure { get; } = failure;
}
