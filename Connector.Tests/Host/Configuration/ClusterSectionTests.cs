using Connector.Actors.Group;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Xunit;

namespace Connector.Tests.Host.Configuration;

[Trait("kind", Kinds.Contract)]
public sealed class ClusterSectionTests : IDisposable
{
    private const UnixFileMode OthersRead = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead;

    private readonly HostFixture host = new();

    public ClusterSectionTests() => host.Variables["BORDER0_TOKEN"] = HostFixture.Token();

    public void Dispose() => host.Dispose();

    [Fact]
    public void Without_the_section_a_replica_is_lone() => Assert.Null(Load("log_level: info\n"));

    [Fact]
    public void Section_gives_the_group_s_settings()
    {
        var group = Load("cluster:\n  name: main\n  bind: 127.0.0.1:9501\n  peers: ['127.0.0.1:9501', 'localhost:9502', '[::1]:9503']\n");

        Assert.NotNull(group);
        Assert.Equal(("127.0.0.1", 9501, (string?)null), (group.Host, group.Port, group.AdvertisedHost));
        Assert.Equal([new GroupPeer("127.0.0.1", 9501), new GroupPeer("127.0.0.1", 9502), new GroupPeer("::1", 9503)], group.Peers);
        Assert.Null(group.Tls);
    }

    [Fact]
    public void Environment_wins_key_by_key()
    {
        host.Variables["BORDER0_CLUSTER_BIND"] = "127.0.0.1:9601";
        host.Variables["BORDER0_CLUSTER_PEERS"] = "127.0.0.1:9601, 127.0.0.1:9602";

        var group = Load("cluster:\n  bind: 127.0.0.1:9501\n  advertised: localhost\n  peers: [127.0.0.1:1]\n")!;

        Assert.Equal(new GroupPeer("127.0.0.1", 9601), group.Self);
        Assert.Equal([9601, 9602], group.Peers.Select(peer => peer.Port));
    }

    [Fact]
    public void Environment_alone_makes_a_group()
    {
        host.Variables["BORDER0_CLUSTER_BIND"] = "127.0.0.1:9601";
        host.Variables["BORDER0_CLUSTER_PEERS"] = "127.0.0.1:9602";

        Assert.Equal(9602, Assert.Single(Load("")!.Peers).Port);
    }

    [Fact]
    public void Wildcard_with_an_advertised_name_is_known_by_that_name()
    {
        using var certificates = new GroupCertificates();
        var group = Load($"cluster:\n  bind: 0.0.0.0:9500\n  advertised: A.Test.\n  peers: [a.test:9500, b.test:9500]\n{Tls(certificates)}")!;

        Assert.Equal(new GroupPeer("a.test", 9500), group.Self);
        Assert.True(group.Tls!.Certificate.HasPrivateKey);
    }

    [Theory]
    [InlineData("{bind: '127.0.0.1:1'}", "cluster.peers is empty")]
    [InlineData("{bind: '127.0.0.1:1', peers: []}", "cluster.peers is empty")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['127.0.0.1:1']}", "cluster.peers lists only this replica itself, 127.0.0.1:1")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['localhost:1']}", "cluster.peers lists only this replica itself")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['127.0.0.1:2', '127.0.0.1:2']}", "cluster.peers lists 127.0.0.1:2 twice")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['127.0.0.1:2', 'LOCALHOST:2']}", "cluster.peers lists 127.0.0.1:2 twice")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['127.0.0.1']}", "cluster.peers \"127.0.0.1\" names no port")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['a b:2']}", "\"a b\" is neither a name nor an address")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['::1:2']}", "an IPv6 address stands in brackets")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['[::1]']}", "names no port")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['127.0.0.1:0']}", "port 0 would be another one after each start")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['127.0.0.1:70000']}", "\"70000\" is no port from 1 to 65535")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['0.0.0.0:2']}", "nobody could dial it")]
    [InlineData("{bind: '127.0.0.1:1', peers: ['10.0.0.1:2']}", "which means each machine itself, and 10.0.0.1:2 is elsewhere")]
    [InlineData("{peers: ['127.0.0.1:2']}", "cluster.bind is missing")]
    [InlineData("{bind: '127.0.0.1', peers: ['127.0.0.1:2']}", "cluster.bind \"127.0.0.1\" names no port")]
    [InlineData("{bind: '127.0.0.1:0', peers: ['127.0.0.1:2']}", "cluster.bind \"127.0.0.1:0\": port 0")]
    [InlineData("{bind: 'a.test:1', peers: ['127.0.0.1:2']}", "cluster.bind \"a.test:1\" is a name")]
    [InlineData("{bind: '0.0.0.0:1', peers: ['10.0.0.1:2']}", "so nothing says by which one peers reach this replica")]
    [InlineData("{bind: '0.0.0.0:1', advertised: '0.0.0.0', peers: ['10.0.0.1:2']}", "no peer could dial it")]
    [InlineData("{bind: '0.0.0.0:1', advertised: 'a.test:1', peers: ['10.0.0.1:2']}", "cluster.advertised \"a.test:1\" is neither a name nor an address")]
    [InlineData("{bind: '10.0.0.1:1', advertised: 'a.test', peers: ['10.0.0.1:1', 'b.test:1']}", "cluster.advertised says that its peers know it as a.test:1")]
    [InlineData("{bind: '10.0.0.1:1', peers: ['10.0.0.2:1']}", "cluster.bind 10.0.0.1:1 is not loopback, and there is no tls")]
    [InlineData("{bind: '127.0.0.1:1', advertised: 'a.test', peers: ['127.0.0.1:2']}", "cluster.advertised a.test is not loopback, and there is no tls")]
    [InlineData("{bind: '127.0.0.1:1', advertised: 'a.test', peers: ['b.test:2']}", "not loopback, and there is no tls")]
    [InlineData("{bind: '10.0.0.1:1', peers: ['10.0.0.2:1'], tls: {certificate: /c}}", "cluster.tls has no key and no ca")]
    [InlineData("{bind: '10.0.0.1:1', peers: ['10.0.0.2:1'], tls: {certificate: /none/c, key: /none/k, ca: /none/ca}}", "cluster.tls.ca /none/ca: a directory of the path does not exist")]
    [InlineData("{bnd: '10.0.0.1:1'}", "cluster.bnd: unknown key; did you mean \"bind\"?")]
    [InlineData("{bind: '10.0.0.1:1', tls: {cert: a}}", "cluster.tls.cert: unknown key")]
    [InlineData("{bind: '10.0.0.1:1', peers: a}", "cluster.peers: expected a list, found a text")]
    [InlineData("{bind: '10.0.0.1:1', peers: [{a: b}]}", "cluster.peers: expected a text, found keys below it")]
    public async Task What_is_wrong_is_named_with_its_value(string section, string named)
    {
        var yaml = $"cluster: {section}\n";

        Assert.Contains(named, Assert.Throws<ConnectorError>(() => Load(yaml)).Message);

        // The check says the same, without a token and without starting anything.
        host.Variables.Remove("BORDER0_TOKEN");
        Assert.Equal(1, await host.RunAsync("config", "check", host.Write("c.yaml", yaml)));
        Assert.Contains(named, host.Error);
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        var message = Assert.Throws<ConnectorError>(() => Load("cluster:\n  bind: a.test:1\n  peers: ['x', 'y:0']\n  tls: {key: /k}\n")).Message;

        Assert.Contains("4 things are wrong", message);
        Assert.All(new[] { "a.test:1", "\"x\"", "\"y:0\"", "no certificate and no ca" }, part => Assert.Contains(part, message));
    }

    [Fact]
    public void Too_many_peers_are_refused()
        => Assert.Contains("at most 64", Assert.Throws<ConnectorError>(
            () => Load($"cluster:\n  bind: 127.0.0.1:1\n  peers: [{string.Join(", ", Enumerable.Range(2, 65).Select(port => $"'127.0.0.1:{port}'"))}]\n")).Message);

    [Theory]
    [InlineData("mismatch", "is not the key of cluster.tls.certificate")]
    [InlineData("encrypted", "is encrypted")]
    [InlineData("no key", "holds no private key in PEM")]
    [InlineData("no certificate", "holds no certificate in PEM")]
    [InlineData("expired", "expired at 20")]
    [InlineData("expired ca", "cluster.tls.ca")]
    [InlineData("not yet", "is valid only from")]
    [InlineData("other ca", "is not signed by cluster.tls.ca")]
    [InlineData("ca may not sign", "is no CA")]
    [InlineData("server only", "may not be used as a client's")]
    [InlineData("client only", "may not be used as a server's")]
    public void Tls_material_that_would_fail_later_is_refused_now(string wrong, string named)
    {
        using var certificates = new GroupCertificates(wrong == "ca may not sign", wrong == "expired ca" ? DateTimeOffset.UtcNow.AddDays(-1) : null);
        using var other = new GroupCertificates();
        var (certificate, key) = wrong switch
        {
            "expired" => certificates.Replica(DateTimeOffset.UtcNow.AddDays(-9), DateTimeOffset.UtcNow.AddDays(-1)),
            "expired ca" => certificates.Replica(DateTimeOffset.UtcNow.AddDays(-9), DateTimeOffset.UtcNow.AddDays(90)),
            "not yet" => certificates.Replica(DateTimeOffset.UtcNow.AddDays(2)),
            "server only" => certificates.Replica(uses: GroupCertificates.ServerUse),
            "client only" => certificates.Replica(uses: GroupCertificates.ClientUse),
            _ => certificates.Replica(uses: [GroupCertificates.ServerUse, GroupCertificates.ClientUse]),
        };
        key = wrong switch
        {
            "mismatch" => GroupCertificates.OtherKey(),
            "encrypted" => GroupCertificates.EncryptedKey(),
            "no key" => certificate,
            _ => key,
        };

        var tls = Write(wrong == "no certificate" ? key : certificate, key, wrong == "other ca" ? other.AuthorityPem : certificates.AuthorityPem);

        Assert.Contains(named, Assert.Throws<ConnectorError>(() => Load(Elsewhere + tls)).Message);
    }

    [Fact]
    public void Key_that_others_can_read_is_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes do not exist there");
        using var certificates = new GroupCertificates();
        var (certificate, key) = certificates.Replica();

        Assert.Contains("chmod 600", Assert.Throws<ConnectorError>(() => Load(Elsewhere + Write(certificate, key, certificates.AuthorityPem, OthersRead))).Message);
    }

    [Fact]
    public void Certificate_that_expires_soon_is_accepted_with_a_note()
    {
        using var certificates = new GroupCertificates();
        var (certificate, key) = certificates.Replica(until: DateTimeOffset.UtcNow.AddDays(3));

        var settings = LoadAll(Elsewhere + Write(certificate, key, certificates.AuthorityPem));

        Assert.NotNull(settings.Cluster!.Tls);
        Assert.Contains("make a new one in time", Assert.Single(settings.Notes));
    }

    [Fact]
    public async Task Check_says_that_the_port_is_in_use_here_and_that_the_file_is_good()
    {
        using var squatter = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        squatter.Start();
        var path = host.Write("c.yaml", $"cluster:\n  bind: {squatter.LocalEndpoint}\n  peers: [127.0.0.1:2]\n");

        Assert.Equal(0, await host.RunAsync("config", "check", path));
        Assert.Contains($"Cannot listen for the group on {squatter.LocalEndpoint}: another program", host.Output);
    }

    private const string Elsewhere = "cluster:\n  bind: 10.0.0.1:9500\n  peers: ['10.0.0.2:9500']\n";

    private string Tls(GroupCertificates certificates)
    {
        var (certificate, key) = certificates.Replica();
        return Write(certificate, key, certificates.AuthorityPem);
    }

    private string Write(string certificate, string key, string authority, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
        => $"  tls:\n    certificate: {host.Write("cert.pem", certificate)}\n    key: {host.Write("key.pem", key, mode)}\n    ca: {host.Write("ca.pem", authority)}\n";

    private GroupSettings? Load(string yaml) => LoadAll(yaml).Cluster;

    private ConnectorSettings LoadAll(string yaml) => ConnectorSettingsLoader.Load(new ConnectorFlags(host.Write("c.yaml", yaml)), host.Environment);
}
