using Akka.Actor;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;

namespace Connector.Actors.Control;

/// <summary>Messages of the ControlSessionActor.</summary>
public static class ControlSessionProtocol
{
    /// <summary>Published on the system's event stream with each change of state or reason.</summary>
    /// <param name="Epoch">Of the last accepted claim; 0 for none yet.</param>
    public sealed record ControlSessionStatusChanged(ControlSessionState State, string Reason, SessionEpoch Epoch, DateTimeOffset Since);

    /// <summary>Published on the system's event stream when the control plane was heard, at most once a second.</summary>
    /// <param name="At">By <see cref="Health.Lamp.Now"/>.</param>
    /// <param name="Silence">Longer without a word is no proof of an open session.</param>
    public sealed record ControlPlaneHeard(TimeSpan At, TimeSpan Silence);

    /// <summary>Published on the system's event stream once the session has ended for good: the host ends the process.</summary>
    /// <param name="Deleted">The connector was deleted: starting again is of no use.</param>
    public sealed record ControlSessionStopped(string Reason, bool Deleted);

    /// <summary>From the log shipper: one batch for the open session. Dropped when there is none; the shipper sends it again in the next.</summary>
    public sealed record ShipLogBatch(int Attempt, LogBatch Batch) : INoSerializationVerificationNeeded;

    /// <summary>Half-close and do not come back. Answered with <see cref="SessionClosed"/>.</summary>
    public sealed record CloseSession
    {
        public static readonly CloseSession Instance = new();
    }

    /// <summary>From the group: half-close, then stop, so that another replica can take over.</summary>
    public sealed record LeaveSession
    {
        public static readonly LeaveSession Instance = new();
    }

    public sealed record SessionClosed
    {
        public static readonly SessionClosed Instance = new();
    }
}
