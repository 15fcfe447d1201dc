using System.Globalization;
using System.Net;
using System.Text;
using Connector.Protocol.Discovery;

namespace Connector.Plugins.Network;

/// <summary>What is said to a service that does not speak first, and what its answer means.</summary>
internal abstract record Question
{
    public static readonly Question Http = new HttpQuestion();

    public static readonly Question Postgresql = new PostgresqlQuestion();

    public static readonly Question Rdp = new RdpQuestion();

    /// <summary>A handshake, and then an HTTP request within.</summary>
    public static readonly Question Https = new HttpsQuestion();

    private const int HttpPort = 80;
    private const int IsoTransportPort = 102;
    private const int RdpPort = 3389;
    private const int PostgresqlPort = 5432;
    private const int OtherHttpPort = 8080;

    /// <summary>In the order in which they disturb least. Controllers of machines listen on port 102, where the request of RDP means something else.</summary>
    public static IReadOnlyList<Question> For(int port) => port switch
    {
        HttpPort or OtherHttpPort => [Http, Https, Postgresql, Rdp],
        PostgresqlPort => [Postgresql, Https, Http],
        RdpPort => [Rdp, Https, Http],
        IsoTransportPort => [Https, Http],
        _ => [Https, Http, Postgresql, Rdp],
    };

    /// <summary>How long an answer may take.</summary>
    public virtual TimeSpan Limit => TimeSpan.FromSeconds(2);

    /// <summary>Whether whoever answers this with something else need not be asked further.</summary>
    public virtual bool IsLastWord => false;

    public abstract byte[] Ask(IPEndPoint at, string? hostName);

    /// <summary>The resource's type, or null.</summary>
    public abstract string? TypeOf(ReadOnlySpan<byte> answer, int port);

    private sealed record HttpQuestion : Question
    {
        public override TimeSpan Limit => TimeSpan.FromSeconds(3);

        public override bool IsLastWord => true;

        public override byte[] Ask(IPEndPoint at, string? hostName)
        {
            var host = hostName is null ? at.ToString() : string.Create(CultureInfo.InvariantCulture, $"{hostName}:{at.Port}");
            return Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: connector-discovery\r\nAccept: */*\r\nConnection: close\r\n\r\n");
        }

        // Servers that speak TLS say in plain text that they do.
        public override string? TypeOf(ReadOnlySpan<byte> answer, int port)
            => !Banner.IsHttp(answer) ? null
                : answer.IndexOf("HTTPS port"u8) >= 0 || answer.IndexOf("HTTPS server"u8) >= 0 || answer.IndexOf("SSL-enabled server"u8) >= 0
                    ? ResourceTypes.NetworkHttpsServer
                    : ResourceTypes.NetworkHttpServer;
    }

    private sealed record HttpsQuestion : Question
    {
        public override TimeSpan Limit => TimeSpan.FromSeconds(3);

        public override byte[] Ask(IPEndPoint at, string? hostName) => Http.Ask(at, hostName);

        public override string? TypeOf(ReadOnlySpan<byte> answer, int port) => Banner.IsHttp(answer) ? ResourceTypes.NetworkHttpsServer : null;
    }

    // SSLRequest of the frontend protocol: the answer is one byte, S or N, or an error of a server that is too busy to negotiate.
    private sealed record PostgresqlQuestion : Question
    {
        public override byte[] Ask(IPEndPoint at, string? hostName) => [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

        public override string? TypeOf(ReadOnlySpan<byte> answer, int port)
            => answer is [(byte)'S'] or [(byte)'N'] || (answer is [(byte)'E', 0, ..] && answer.IndexOf("SFATAL\0"u8) > 0)
                ? ResourceTypes.NetworkPostgresqlServer
                : null;
    }

    // [MS-RDPBCGR] 2.2.1.1: X.224 connection request that offers TLS and CredSSP. The confirm has code 0xd0; one from elsewhere than the usual port must also
    // negotiate, which only RDP does.
    private sealed record RdpQuestion : Question
    {
        public override byte[] Ask(IPEndPoint at, string? hostName)
            => [3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0];

        public override string? TypeOf(ReadOnlySpan<byte> answer, int port)
            => answer is [3, 0, _, >= 11, >= 6, 0xd0, ..] && (port == RdpPort || answer is [_, _, _, 19, _, _, _, _, _, _, _, 2 or 3, ..])
                ? ResourceTypes.NetworkRdpServer
                : null;
    }
}
