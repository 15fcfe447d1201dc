using Connector.Protocol.Ids;

namespace Connector.Host.Composition;

/// <summary>An edge of its own whose listeners accept connections; whether the control plane was reached yet is another matter.</summary>
/// <param name="Tunnel">host:port that replicas are told to dial.</param>
/// <param name="HealthUrl">Null when switched off.</param>
/// <param name="Completion">Ends when the edge stopped by itself; faults when it died.</param>
/// <param name="StopAsync">Stops it; safe to call twice.</param>
public sealed record RunningEdge(EdgeId EdgeId, string Tunnel, Uri? HealthUrl, Task Completion, Func<CancellationToken, Task> StopAsync);
