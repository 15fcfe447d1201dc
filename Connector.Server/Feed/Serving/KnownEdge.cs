using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Feed.Serving;

/// <summary>An edge that users can reach sockets through.</summary>
/// <param name="PublicHost">What end users dial.</param>
internal sealed record KnownEdge(EdgeId Id, string Name, string PublicHost, ImmutableArray<string> Addresses, ImmutableArray<string> CaPins);
