using Connector.Protocol.Control.Wire;
using Google.Protobuf.WellKnownTypes;
using Action = Connector.Protocol.Control.Wire.Action;

namespace Connector.Tests.Actors.State;

/// <summary>What a control plane pushes.</summary>
internal static class Pushes
{
    public static Init Init(long version, params IEnumerable<string> sockets) => new()
    {
        ConfigVersion = Version(version),
        Sockets = { sockets.Select(id => Socket(id, "")) },
    };

    public static UpdateConfig Update(long version, string id, string note = "", Action action = Action.Update) => new()
    {
        Action = action,
        SocketConfig = Socket(id, note),
        ConfigVersion = Version(version),
    };

    public static Edges Edges(params IEnumerable<string> ids) => new()
    {
        Edges_ = { ids.Select(id => new EdgeAddress { EdgeId = id, Addresses = { $"{id}.example:8444" }, CaPins = { "sha256/pin" } }) },
    };

    private static SocketConfig Socket(string id, string note) => new()
    {
        Id = id,
        Name = $"name of {id}",
        Type = "tls",
        Config = new Struct { Fields = { ["note"] = Value.ForString(note) } },
    };

    private static ConfigVersion Version(long number) => new() { Incarnation = "i", Number = number };
}
