using System.Net;
using Connector.Protocol.Ids;

namespace Connector.Server.Feed;

/// <summary>One end user's stream, from OPENED on.</summary>
/// <param name="Id">Made by the edge.</param>
/// <param name="SocketName">As it was when the stream began: a deleted socket's id says nothing.</param>
/// <param name="Client">Address of the end user's connection.</param>
public sealed record SessionRecord(
    Guid Id, SocketId SocketId, string SocketName, ConnectorId ConnectorId, ReplicaId ReplicaId, EdgeId EdgeId, IPEndPoint Client, DateTimeOffset StartedAt);
