using System.Buffers;
using System.Text;
using System.Text.Json;
using Connector.Actors.Control;
using static Connector.Actors.Health.HealthProtocol;

namespace Connector.Actors.Health;

/// <summary>What the health endpoint answers, as pure functions of the state.</summary>
public static class HealthReport
{
    /// <summary>Answers at all. Restarting helps against nothing else, least of all against a control plane that is away.</summary>
    public static HealthVerdict Live(HealthState? state)
        => state is null ? new(false, "the replica's actors do not answer") : new(true, "live");

    /// <summary>Has been told what to serve.</summary>
    public static HealthVerdict Startup(HealthState? state) => state switch
    {
        null => Live(state),
        { Configured: false } => new(false, $"no configuration yet: {Session(state)}"),
        _ => new(true, "started"),
    };

    /// <summary>Can serve users now. Needs no control session: traffic does not depend on it.</summary>
    public static HealthVerdict Ready(HealthState? state) => state switch
    {
        null or { Configured: false } => Startup(state),
        { Draining: true } => new(false, "draining"),
        _ when !state.Links.Any(l => l.Connected) => new(false, "no link to any edge"),
        _ => new(true, "ready"),
    };

    /// <summary>
    /// <c>{status, replica_id, connector_id, boot_id, version, started_at, draining, config_version{incarnation, number},
    /// control_session{state, reason, epoch, since, lamp}, sockets[{id, name, state, reason, live_streams, since, online, control, path, upstream}],
    /// links[{edge_id, connected, reason, path}]}</c>; control, path, upstream and lamp are <c>{state, since, age_seconds, reason}</c>, age_seconds absent
    /// when it was never proven. Times in RFC 3339.
    /// </summary>
    public static string StatusJson(HealthState? state)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            var ready = Ready(state);
            json.WriteString("status", ready.Good ? "ready" : ready.Text);
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
        json.WriteString("replica_id", state.ReplicaId.Value);
        json.WriteString("connector_id", state.ConnectorId.Value);
        json.WriteString("boot_id", state.BootId.ToString());
        json.WriteString("version", state.Version);
        json.WriteString("started_at", state.StartedAt);
        json.WriteBoolean("draining", state.Draining);

        json.WriteStartObject("config_version");
        json.WriteString("incarnation", state.ConfigVersion.Incarnation);
        json.WriteNumber("number", state.ConfigVersion.Number);
        json.WriteEndObject();

        json.WriteStartObject("control_session");
        json.WriteString("state", NameOf(state.ControlSession?.State ?? ControlSessionState.Connecting));
        json.WriteString("reason", state.ControlSession?.Reason ?? "starting");
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

    private static string Session(HealthState state)
        => state.ControlSession is { } session ? $"{NameOf(session.State)}, {session.Reason}" : "the control session is starting";
}
