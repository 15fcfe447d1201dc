using Connector.Protocol.Control.Wire;
using Connector.Server.Store.Database;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Server.Store;

/// <summary>
/// Bounds a connector's configuration: it goes to the replica as one message, of which a client takes 4 MiB, so what would not fit is refused when it is
/// asked for and not when a replica connects.
/// </summary>
internal static class ConfigurationSize
{
    /// <summary>Tag and length of one item in the message.</summary>
    private const int ItemOverhead = 6;

    /// <summary>Of the socket as an item of the message.</summary>
    public static int Of(SocketRow socket)
        => new SocketConfig
        {
            Id = socket.Id, Name = socket.Name, Type = socket.Type, Config = Struct.Parser.ParseJson(ControlStore.SocketConfig(socket)),
        }.CalculateSize() + ItemOverhead;

    /// <summary>To be called within a write, after the change.</summary>
    /// <exception cref="BoundReachedException">The connector's configuration is larger than it may be.</exception>
    public static void Require(ControlDbContext db, string connectorId, int most)
    {
        var linked = db.Sockets.Where(socket => socket.Connectors.Any(link => link.ConnectorId == connectorId));
        var plugins = db.Plugins.Where(plugin => plugin.ConnectorId == connectorId);
        var size = linked.Sum(socket => (long)socket.ConfigSize) + plugins.Sum(plugin => (long)(plugin.Configuration.Length * 2) + 200);
        if (size > most)
        {
            throw new BoundReachedException(
                $"the configuration of connector {connectorId} would be {size} bytes long with its {linked.Count()} sockets, and {most} is the most that is sent to a "
                + "replica; delete sockets that are not used, or serve these by another connector");
        }
    }
}
