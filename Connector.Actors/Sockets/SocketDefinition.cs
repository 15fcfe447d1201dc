using Connector.Protocol.Ids;

namespace Connector.Actors.Sockets;

/// <summary>A socket as the control plane wants it served.</summary>
/// <param name="Type">http, ssh, database, tls, vnc, rdp, ...</param>
/// <param name="ConfigJson">The <c>config</c> object, JSON with sorted keys, so that equal configuration is equal text.</param>
public sealed record SocketDefinition(SocketId Id, string Name, string Type, string ConfigJson);
