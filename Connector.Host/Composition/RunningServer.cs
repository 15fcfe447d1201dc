namespace Connector.Host.Composition;

/// <summary>A server whose listeners accept connections.</summary>
/// <param name="PortalUrl">For a browser; under <c>dev</c> the plain HTTP one.</param>
/// <param name="ApiUrl">Ends in /api/v1; under <c>dev</c> the plain HTTP one.</param>
/// <param name="HttpsUrl">What replicas dial when the public URL is not meant for this machine.</param>
/// <param name="Tunnel">host:port of the tunnel listener.</param>
/// <param name="Completion">Ends when the server stopped by itself; faults when it died.</param>
/// <param name="StopAsync">Stops it; safe to call twice.</param>
public sealed record RunningServer(Uri PortalUrl, Uri ApiUrl, Uri HttpsUrl, string Tunnel, Task Completion, Func<CancellationToken, Task> StopAsync);
