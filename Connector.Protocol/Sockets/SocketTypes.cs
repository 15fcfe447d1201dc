using System.Collections.Immutable;

namespace Connector.Protocol.Sockets;

/// <summary>Values of <c>service_type</c>, and of a socket's type.</summary>
public static class SocketTypes
{
    public const string Http = "http";
    public const string Ssh = "ssh";
    public const string Database = "database";
    public const string Tls = "tls";
    public const string Vnc = "vnc";
    public const string Rdp = "rdp";

    public static readonly ImmutableArray<string> All =
    [
        Http, Ssh, Database, Tls, Vnc, Rdp, "vpn", "kubernetes", "subnet_router", "exit_node", "elasticsearch", "snowflake", "aws_s3", "aws_access",
    ];
}
