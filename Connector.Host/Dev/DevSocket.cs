using Connector.Host.Running;

namespace Connector.Host.Dev;

/// <summary>A socket as <c>dev</c> shows it.</summary>
/// <param name="Scheme">As in --expose: says with which client to reach it.</param>
/// <param name="Upstream">host:port, or empty when its configuration names none.</param>
/// <param name="IsOurs">Whether it belongs to the connector that dev runs.</param>
/// <param name="NotServed">Why nobody can reach it now; null when it is served.</param>
internal sealed record DevSocket(ReadySocket Socket, string Scheme, string Upstream, bool IsOurs, string? NotServed);
