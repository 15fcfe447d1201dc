using Connector.Protocol.Ids;

namespace Connector.Server.Edge.Links;

/// <summary>What a link is known by. The link id alone proves nothing.</summary>
internal readonly record struct LinkKey(KeyThumbprint Thumbprint, BootId BootId, LinkId LinkId);
