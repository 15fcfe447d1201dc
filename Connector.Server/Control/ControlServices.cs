using Connector.Protocol.Tokens;
using Connector.Server.Store;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Control;

/// <summary>What the entities work with.</summary>
/// <param name="ControlPlaneId">Names this control plane in hello_ack.</param>
internal sealed record ControlServices(
    IControlStore Store, TokenIssuer Issuer, IEdgeDirectory Edges, string ControlPlaneId, ControlLimits Limits, TimeProvider Time, ILoggerFactory Loggers);
