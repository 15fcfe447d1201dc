namespace Connector.Protocol.Tokens;

/// <summary>The claim <c>aud</c>. It keeps the kinds apart: one can never pass as the other.</summary>
public static class TokenAudience
{
    public const string Connector = "border0-connector";

    /// <summary>Tickets: replicas show them to edges.</summary>
    public const string Edge = "border0-edge";

    /// <summary>Edge credentials: edges show them to the control plane.</summary>
    public const string EdgeCredential = "border0-edge-credential";
}
