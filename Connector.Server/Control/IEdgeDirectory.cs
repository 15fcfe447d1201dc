using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>The edges that replicas should link to.</summary>
public interface IEdgeDirectory
{
    /// <summary>Default while not known yet: then replicas are told nothing, where an empty array would tell them to give up their links.</summary>
    ImmutableArray<EdgeEntry> Edges { get; }

    /// <summary>Raised after <see cref="Edges"/> was set anew, on any thread.</summary>
    event Action? Changed;
}

/// <param name="Addresses">host:port, in order of preference.</param>
/// <param name="CaPins">As in ServerTrust; empty means public trust.</param>
public sealed record EdgeEntry(EdgeId EdgeId, ImmutableArray<string> Addresses, ImmutableArray<string> CaPins);
