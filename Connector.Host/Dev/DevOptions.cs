using System.Collections.Immutable;
using System.Net;
using Connector.Host.Configuration;

namespace Connector.Host.Dev;

/// <param name="Replicas">1: in this process; more: child processes that form a group.</param>
/// <param name="Health">Null: the default address, or a free port when that is busy.</param>
public sealed record DevOptions(ServerFlags Server, ImmutableArray<Exposure> Exposures, bool Fresh, string? ReadyFile, IPEndPoint? Health = null, int Replicas = 1);
