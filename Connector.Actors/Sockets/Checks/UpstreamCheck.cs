using Connector.Protocol.Sockets;

namespace Connector.Actors.Sockets.Checks;

/// <summary>How the upstream of a socket is checked while nothing flows.</summary>
/// <param name="Interval">A proof that is older is renewed; the check begins somewhat earlier.</param>
/// <param name="Timeout">For name, connection and answer together.</param>
/// <param name="ProxyHeader">The upstream expects a PROXY protocol header before anything else.</param>
internal sealed record UpstreamCheck(UpstreamCheckKind Kind, bool Enabled, TimeSpan Interval, TimeSpan Timeout, bool ProxyHeader)
{
    public static readonly UpstreamCheck Default = Of(new SocketConfiguration());

    public static UpstreamCheck Of(SocketConfiguration configuration)
    {
        var check = configuration.UpstreamCheck ?? UpstreamCheckConfiguration.Default;
        return new UpstreamCheck(
            KindOf(configuration.UpstreamConfiguration), check.IsEnabled(), check.Interval(), check.Timeout(),
            configuration.UpstreamProxyProtocol == UpstreamProxyProtocol.V2);
    }

    private static UpstreamCheckKind KindOf(UpstreamConfiguration? upstream) => upstream switch
    {
        { SshServiceConfiguration: not null } => UpstreamCheckKind.Ssh,
        { DatabaseServiceConfiguration.StandardDatabaseServiceConfiguration.Protocol: "mysql" } => UpstreamCheckKind.MySql,
        { DatabaseServiceConfiguration.StandardDatabaseServiceConfiguration.Protocol: "postgres" or "cockroachdb" } => UpstreamCheckKind.Postgres,
        _ => UpstreamCheckKind.Tcp,
    };
}
