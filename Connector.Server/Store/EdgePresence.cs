using System.Collections.Immutable;

namespace Connector.Server.Store;

/// <summary>What an edge says of itself when it comes.</summary>
/// <param name="Addresses">host:port each, in order of preference: what replicas dial.</param>
/// <param name="CaPins">Empty when its certificate is publicly trusted.</param>
/// <param name="PublicHost">What end users dial.</param>
internal sealed record EdgePresence(ImmutableArray<string> Addresses, ImmutableArray<string> CaPins, string PublicHost, string SoftwareVersion);
