using System.Buffers;
using System.Text;
using System.Text.Json;
using Connector.Actors.Control;
using Connector.Actors.Group;
using static Connector.Actors.Health.HealthProtocol;

namespace Connector.Actors.Health;

/// <summary>What the health endpoint answers, as pure functions of the state.</summary>
public static class HealthReport
{
    /// <summary>Answers at all. Restarting helps against nothing else, least of all against a group or a control plane that is away.</summary>
    public static HealthVerdict Live(HealthState? state)
        => state is null ? new(false, "the replica's actors do not answer") : new(true, Line("live", state));

    /// <summary>Has been told what to serve.</summary>
    public static HealthVerdict Startup(HealthState? state) => state switch
    {
        null => Live(state),
        { Configured: false } => new(false, Line("not started", state, $"no configuration yet: {Session(state)}")),
        _ => new(true, Line("started", state)),
    };

    /// <summary>Can serve users now. Needs neither leader nor control session: traffic does not depend on them.</summary>
    public static HealthVerdict Ready(HealthState? state) => state switch
    {
        null => Live(state),
        { Draining: true } => new(false, Line("not ready", state, "it serves the streams that run and takes no new ones")),
        { Configured: false } => new(false, Line("not ready", state, $"no configuration yet: {Session(state)}")),
        _ when !state.Links.Any(l => l.Connected) => new(false, Line("not ready", state, "no link to any edge")),
        { Group: { Role: GroupRole.Ungrouped } group } => new(
            true, Line("ready", state, $"it serves by itself{(group.Reason.Length == 0 ? "" : $", because it is in no group: {group.Reason}")}")),
        _ => new(true, Line("ready", state)),
    };

    /// <summary>leader, member, lone, ungrouped, or draining whatever it was before.</summary>
    public static string RoleOf(HealthState state) => state.Draining ? "draining" : (state.Group?.Role ?? GroupRole.Lone) switch
    {
        GroupRole.Leader => "leader",
        GroupRole.Member => "member",
        GroupRole.Ungrouped => "ungrouped",
        _ => "lone",
    };

    /// <summary>
    /// <c>{status, ready, pid, replica_id, connector_id, boot_id, version, started_at, role, draining, drain_timeout_seconds, streams{live, oldest_seconds},
    /// group{generation, since, reason, members[{replica_id, address, leader}]}, config_version{incarnation, number},
    /// control_session{state, reason, epoch, since, lamp}, sockets[{id, name, state, reason, live_streams, since, online, control, path, upstream}],
    /// links[{edge_id, connected, reason, path}]}</c>; control, path, upstream and lamp are <c>{state, since, age_seconds, reason}</c>, age_seconds absent
    /// when it was never proven. A lone replica has no group. Times in RFC 3339.
    /// </summary>
    public static string StatusJson(HealthState? state)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            var ready = Ready(state);
            json.WriteString("status", ready.Good ? "ready" : ready.Text);
            json.WriteBoolean("ready", ready.Good);
            if (state is not null)
                Write(json, state);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>As in <c>/status</c>: connecting, online, refused, unauthenticated or stopped.</summary>
    public static string NameOf(ControlSessionState state) => state switch
    {
        ControlSessionState.Online => "online",
        ControlSessionState.Refused => "refused",
        ControlSessionState.Unauthenticated => "unauthenticated",
        ControlSessionState.Stopped => "stopped",
        _ => "connecting",
    };

    private static void Write(Utf8JsonWriter json, HealthState state)
    {
        json.WriteNumber("pid", Environment.ProcessId);
        json.WriteString("replica_id", state.ReplicaId.Value);
        json.WriteString("connector_id", state.ConnectorId.Value);
        json.WriteString("boot_id", state.BootId.ToString());
        json.WriteString("version", state.Version);
        json.WriteString("started_at", state.StartedAt);
        json.WriteString("role", RoleOf(state));
        json.WriteBoolean("draining", state.Draining);
        json.WriteNumber("drain_timeout_seconds", state.DrainTimeout.TotalSeconds);
        json.WriteStartObject("streams");
        json.WriteNumber("live", state.Streams?.Count ?? 0);
        json.WriteNumber("oldest_seconds", Math.Round(state.Streams?.Oldest.TotalSeconds ?? 0, 1));
        json.WriteEndObject();
        if (state.Group is { Role: not GroupRole.Lone } group)
            Write(json, group);

        json.WriteStartObject("config_version");
        json.WriteString("incarnation", state.ConfigVersion.Incarnation);
        json.WriteNumber("number", state.ConfigVersion.Number);
        json.WriteEndObject();

        var (session, reason) = SessionOf(state);
        json.WriteStartObject("control_session");
        json.WriteString("state", session);
        json.WriteString("reason", reason);
        json.WriteNumber("epoch", state.ControlSession?.Epoch.Value ?? 0);
        json.WriteString("since", state.ControlSession?.Since ?? state.StartedAt);
        if (state.Control is { } control)
            Write(json, "lamp", control);
        json.WriteEndObject();
        var lamps = state.Lamps.ToDictionary(socket => socket.SocketId);

        json.WriteStartArray("sockets");
        foreach (var socket in state.Sockets)
        {
            json.WriteStartObject();
            json.WriteString("id", socket.SocketId.Value);
            json.WriteString("name", socket.Name);
            json.WriteString("state", socket.State);
            json.WriteString("reason", socket.Reason);
            json.WriteNumber("live_streams", socket.LiveStreams);
            json.WriteString("since", socket.Since);
            if (lamps.TryGetValue(socket.SocketId, out var three))
            {
                json.WriteBoolean("online", three.Online);
                Write(json, "control", three.Control);
                Write(json, "path", three.Path);
                Write(json, "upstream", three.Upstream);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("links");
        foreach (var link in state.Links)
        {
            json.WriteStartObject();
            json.WriteString("edge_id", link.EdgeId.Value);
            json.WriteBoolean("connected", link.Connected);
            json.WriteString("reason", link.Reason);
            if (state.Paths.TryGetValue(link.EdgeId, out var path))
                Write(json, "path", path);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, LampReading lamp)
    {
        json.WriteStartObject(name);
        json.WriteString("state", lamp.State switch { LampState.On => "on", LampState.Off => "off", _ => "unknown" });
        json.WriteString("since", lamp.Since);
        if (lamp.Age is { } age)
            json.WriteNumber("age_seconds", Math.Round(Math.Max(0, age.TotalSeconds), 1));
        json.WriteString("reason", lamp.Reason);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, GroupStatusChanged group)
    {
        json.WriteStartObject("group");
        json.WriteNumber("generation", group.Generation);
        json.WriteString("since", group.Since);
        json.WriteString("reason", group.Reason);
        json.WriteStartArray("members");
        foreach (var member in group.Members)
        {
            json.WriteStartObject();
            json.WriteString("replica_id", member.ReplicaId.Value);
            json.WriteString("address", member.Address.ToString());
            json.WriteBoolean("leader", member.Leader);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>What the replica does, as which role, and why: one line.</summary>
    private static string Line(string what, HealthState state, string reason = "") => $"{what}, {RoleOf(state)}{(reason.Length == 0 ? "" : $": {reason}")}";

    private static string Session(HealthState state)
    {
        var (session, reason) = SessionOf(state);
        return state.ControlSession is null && state.Group?.Role != GroupRole.Member ? "the control session is starting"
            : reason.Length == 0 ? session
            : $"{session}, {reason}";
    }

    /// <summary>A member has no session of its own: what it knows of the leader's is whether it is heard of.</summary>
    private static (string State, string Reason) SessionOf(HealthState state)
        => state.Group?.Role == GroupRole.Member
            ? state.Control?.State == LampState.On ? ("online", "held by the leader of the group") : ("connecting", state.Control?.Reason ?? "")
            : (NameOf(state.ControlSession?.State ?? ControlSessionState.Connecting), state.ControlSession?.Reason ?? "starting");
}
