using System.Net;
using Connector.Protocol.Ids;

namespace Connector.Server.Store;

/// <summary>Which sessions are asked for; what is null does not matter.</summary>
/// <param name="Client">Port 0: any port of the address.</param>
/// <param name="Since">Those that ended at this time or later, or have not ended.</param>
/// <param name="Until">Those that started at this time or earlier. Both together: those that ran in between.</param>
internal sealed record SessionFilter(
    SocketId? Socket = null, ConnectorId? Connector = null, ReplicaId? Replica = null, IPEndPoint? Client = null,
    DateTimeOffset? Since = null, DateTimeOffset? Until = null);
