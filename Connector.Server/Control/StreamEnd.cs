using Grpc.Core;

namespace Connector.Server.Control;

/// <summary>How a control stream ends.</summary>
/// <param name="RetryAfter">Goes out as the trailer <c>retry-after-ms</c>.</param>
/// <param name="ByPeer">The peer left or broke off; nobody reads the status.</param>
internal sealed record StreamEnd(StatusCode Code, string Reason, TimeSpan? RetryAfter = null, bool ByPeer = false);
