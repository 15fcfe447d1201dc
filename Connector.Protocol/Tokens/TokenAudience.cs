namespace Connector.Protocol.Tokens;

/// <summary>The claim <c>aud</c>. It keeps the two kinds apart: one can never pass as the other.</summary>
public static class TokenAudience
{
    public const string Connector = "border0-connector";

    public const string Edge = "border0-edge";
}
