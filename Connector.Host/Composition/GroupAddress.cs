using System.Net;
using System.Net.Sockets;
using Connector.Actors.Group;
using Connector.Host.Errors;
using Connector.Host.Running;

namespace Connector.Host.Composition;

/// <summary>The address that a replica's group listens on, checked at start: remoting itself would try again and again.</summary>
internal static class GroupAddress
{
    /// <exception cref="ConnectorError">It cannot be listened on.</exception>
    public static async Task CheckAsync(GroupSettings group, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (Problem(group, await ListenAddress.WaitUntilFreeAsync(EndPoint(group), patience, cancellationToken).ConfigureAwait(false)) is { } problem)
        {
            throw problem;
        }
    }

    /// <summary>What would be wrong now; null when it could be listened on.</summary>
    public static ConnectorError? Problem(GroupSettings group) => Problem(group, ListenAddress.Probe(EndPoint(group)));

    private static IPEndPoint EndPoint(GroupSettings group) => new(IPAddress.Parse(group.Host), group.Port);

    private static ConnectorError? Problem(GroupSettings group, SocketError found)
    {
        var what = $"Cannot listen for the group on {new GroupPeer(group.Host, group.Port)}";
        return found switch
        {
            SocketError.Success => null,
            SocketError.AddressAlreadyInUse => new ConnectorError(
                what, "another program, perhaps another replica, listens on that port", "Stop it, or choose another port in cluster.bind and in the lists of peers"),
            SocketError.AddressNotAvailable => new ConnectorError(
                what, "this machine does not have that address", "Write one of its own in cluster.bind, or 0.0.0.0 there and the peers' name for it in cluster.advertised"),
            SocketError.AccessDenied => new ConnectorError(what, "this user may not use such a low port", "Choose a port from 1024 up"),
            var other => new ConnectorError(what, $"the system says {other}", "Correct cluster.bind"),
        };
    }
}
