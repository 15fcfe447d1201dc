namespace Connector.Protocol.Sockets;

/// <summary>Values of <c>upstream_proxy_protocol</c>: how an upstream is told who the client is.</summary>
public static class UpstreamProxyProtocol
{
    /// <summary>Not at all; the upstream sees the replica's address.</summary>
    public const string None = "";

    /// <summary>Each connection begins with a PROXY protocol header, version 2.</summary>
    public const string V2 = "v2";
}
