using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>The edges that replicas should link to.</summary>
public interface IEdgeDirectory
{
    ImmutableArray<EdgeEntry> Edges { get; }
}

/// <param name="Addresses">host:port, in order of preference.</param>
/// <param name="CaPins">As in ServerTrust; empty means public trust.</param>
public sealed record EdgeEntry(EdgeId EdgeId, ImmutableArray<string> Addresses, ImmutableArray<string> CaPins);
