using System.Diagnostics.CodeAnalysis;
using Connector.Protocol.Tokens;
using Grpc.Core;

namespace Connector.Server.Control;

/// <summary>The connector token in the metadata of a call. Whether it is in force is asked later, of the store.</summary>
internal sealed class PresentedToken(TokenVerifier verifier, ControlLimits limits)
{
    /// <param name="reason">Why not, in words fit for the call's status, when the result is false.</param>
    public bool TryRead(ServerCallContext context, [NotNullWhen(true)] out ConnectorTokenClaims? claims, [NotNullWhen(false)] out string? reason)
    {
        claims = null;
        var connectorId = context.RequestHeaders.GetValue("connector_id");
        if (connectorId?.Length > limits.MaxConnectorIdLength)
        {
            reason = $"the metadata key connector_id is longer than {limits.MaxConnectorIdLength} characters";
            return false;
        }

        if (context.RequestHeaders.GetValue("token") is not { Length: > 0 } token)
        {
            reason = "no connector token was sent (metadata key token); create one for the connector and give it to the replica";
            return false;
        }

        if (!verifier.TryVerifyConnectorToken(token, out var verified, out reason))
        {
            return false;
        }

        if (!string.IsNullOrEmpty(connectorId) && !string.Equals(connectorId, verified.ConnectorId.Value, StringComparison.OrdinalIgnoreCase))
        {
            reason = $"the token is for connector {verified.ConnectorId}, but connector_id names another one";
            return false;
        }

        claims = verified;
        return true;
    }
}
