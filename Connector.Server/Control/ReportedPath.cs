using System.Collections.Frozen;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>The path lamp over one edge as a replica told it: that of its link, but for the sockets that the edge does not take.</summary>
/// <param name="NotTaken">With the reason; empty for "not answered yet".</param>
/// <param name="More">There are more that are not taken than are named.</param>
public sealed record ReportedPath(EdgeId EdgeId, LampReport Link, FrozenDictionary<SocketId, string> NotTaken, bool More);
