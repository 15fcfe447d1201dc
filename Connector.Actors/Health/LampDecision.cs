using Connector.Actors.Control;
using Connector.Actors.Group;
using Connector.Actors.Sockets;

namespace Connector.Actors.Health;

/// <summary>Lamps from what the parts of a replica have published. Decisions only.</summary>
internal static class LampDecision
{
    public static LampReading Control(
        GroupStatusChanged? group, ControlSessionProtocol.ControlSessionStatusChanged? session, ControlSessionProtocol.ControlPlaneHeard? heard,
        TimeSpan now, DateTimeOffset wall, DateTimeOffset started)
    {
        var age = now - heard?.At;

        // The control session is the leader's; what a member proves is that the leader's session is heard of.
        if (group?.Role == GroupRole.Member)
            return OfHearing(heard, age, wall, group.Since, "the leader's control session was not heard of");
        if (session is null)
            return new LampReading(LampState.Unknown, started, age, "the control session is starting");
        if (session.State != ControlSessionState.Online)
            return new LampReading(LampState.Off, session.Since, age, $"{HealthReport.NameOf(session.State)}{(session.Reason.Length == 0 ? "" : $": {session.Reason}")}");
        return OfHearing(heard, age, wall, session.Since, "nothing was heard from the control plane");
    }

    private static LampReading OfHearing(ControlSessionProtocol.ControlPlaneHeard? heard, TimeSpan? age, DateTimeOffset wall, DateTimeOffset since, string silence)
        => age is null ? new LampReading(LampState.Unknown, since, null, $"{silence} yet")
            : age > heard!.Silence ? new LampReading(LampState.Unknown, wall - (age.Value - heard.Silence), age, $"{silence} for {age.Value.TotalSeconds:0} s")
            : new LampReading(LampState.On, since, age, "");

    /// <summary>A socket that is not served has no upstream to prove.</summary>
    public static LampReading Upstream(SocketSupervisorProtocol.SocketStatusChanged status, Lamp? lamp, TimeSpan now)
        => status.State != SocketStates.Serving ? new LampReading(LampState.Unknown, status.Since, null, $"the socket is {status.State}, so its upstream is not checked")
            : lamp is null ? new LampReading(LampState.Unknown, status.Since, null, "not checked yet")
            : lamp.Read(now);
}
