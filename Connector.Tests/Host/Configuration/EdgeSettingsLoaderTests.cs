using System.Net;
using Connector.Host.Commands;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Connector.Host.State;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Tests.Conventions;
using Xunit;

namespace Connector.Tests.Host.Configuration;

[Trait("kind", Kinds.Contract)]
public sealed class EdgeSettingsLoaderTests : IDisposable
{
    private static readonly string ConfigFile = Path.Combine(SourceTree.Root, "config", "edge.yaml");

    private readonly HostFixture host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public void The_file_in_config_is_an_edge_by_itself_once_it_has_a_credential()
    {
        host.Variables["BORDER0_EDGE_TOKEN"] = Credential();
        var flags = new ServerFlags(ConfigFile);
        Assert.True(ServerSettings.Load(flags, host.Environment).IsEdgeAlone);
        var settings = EdgeSettingsLoader.Load(flags, host.Environment);
        Assert.Equal(("edge-1.example.com:8444", "edge-1.example.com", "edge-1.example.com"), (settings.TunnelAddress, settings.TunnelHost, settings.PublicHost));
        Assert.Equal((IPAddress.IPv6Any, 8444, "127.0.0.1:9481"), (settings.BindAddress, settings.TunnelPort, settings.Health!.ToString()));
        Assert.Equal(("https://border0.test:8443/", "e1", "org-1"), (settings.ServerUrl.AbsoluteUri, settings.Claims.EdgeId.Value, settings.Claims.OrganizationId));
        Assert.Empty(settings.Notes);
    }

    [Fact]
    public async Task The_file_in_config_passes_the_check()
        => Assert.True(await host.RunAsync("config", "check", ConfigFile) == 0, host.Error);

    [Fact]
    public void Environment_wins_over_the_file_and_flags_over_both()
    {
        var path = host.Write("edge.yaml", $"roles: edge\ntunnel_address: a.test:1\nedge_token: {Credential("e2")}\nedge_server: https://b.test:2\nbind_address: 127.0.0.9\npublic_host: users.test\nhealth: off\n");
        var settings = EdgeSettingsLoader.Load(new ServerFlags(path), host.Environment);
        Assert.Equal(("e2", "https://b.test:2/", "users.test", null), (settings.Claims.EdgeId.Value, settings.ServerUrl.AbsoluteUri, settings.PublicHost, settings.Health));
        Assert.Equal(IPAddress.Parse("127.0.0.9"), settings.BindAddress);

        host.Variables["BORDER0_EDGE_TOKEN"] = $"from:file:{host.Write("credential", Credential("e3") + "\n")}";
        host.Variables["BORDER0_EDGE_SERVER"] = "c.test:3";
        settings = EdgeSettingsLoader.Load(new ServerFlags(path, TunnelAddress: "d.test:4", Health: "127.0.0.1:0"), host.Environment);
        Assert.Equal(("e3", "https://c.test:3/", "d.test:4", "127.0.0.1:0"), (settings.Claims.EdgeId.Value, settings.ServerUrl.AbsoluteUri, settings.TunnelAddress, settings.Health!.ToString()));
    }

    [Theory]
    [InlineData("roles: edge\ntunnel_address: a.test:1\n", null, "BORDER0_EDGE_TOKEN is not set")]
    [InlineData("roles: edge\n", "good", "tunnel_address is not set")]
    [InlineData("roles: edge\ntunnel_address: a.test:1\n", "nonsense", "not a signed JWT")]
    [InlineData("roles: edge\ntunnel_address: a.test:1\n", "connector", "connector token")]
    [InlineData("roles: edge\ntunnel_address: a.test:1\n", "from:file:/nowhere/credential", "/nowhere/credential")]
    [InlineData("roles: edge\ntunnel_address: a.test\n", "good", "tunnel_address")]
    [InlineData("roles: edge\nbind_address: example.com\n", "good", "bind_address")]
    [InlineData("roles: edge\npublic_host: https://a.test\n", "good", "public_host")]
    [InlineData("roles: edge\nhealth: nonsense\n", "good", "health")]
    [InlineData("roles: edge\nedge_server: http://a.test\n", "good", "edge_server")]
    [InlineData("roles: edge\nedge_tokn: x\n", "good", "edge_token")]
    public async Task Mistake_is_named_and_nothing_starts(string file, string? credential, string expected)
    {
        if (credential is not null)
        {
            host.Variables["BORDER0_EDGE_TOKEN"] = credential switch { "good" => Credential(), "connector" => HostFixture.Token(), _ => credential };
        }

        Assert.Equal(1, await host.RunAsync("server", "--config", host.Write("edge.yaml", file), "--data-dir", Path.Combine(host.Home, "data")));
        Assert.Contains(expected, host.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credential_file_that_others_can_read_is_refused()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes");
            return;
        }

        var open = host.Write("credential", Credential(), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        host.Variables["BORDER0_EDGE_TOKEN"] = $"from:file:{open}";
        Assert.Equal(1, await host.RunAsync("server", "--roles", "edge", "--tunnel-address", "a.test:1"));
        Assert.Contains($"chmod 600 {open}", host.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("portal")]
    [InlineData("edge,portal")]
    public async Task Portal_needs_its_control_plane(string roles)
    {
        host.Roles = Connector.Host.Composition.Roles.Real;
        Assert.Equal((int)ExitCode.Usage, await host.RunAsync("server", "--roles", roles, "--data-dir", Path.Combine(host.Home, "data")));
        Assert.Contains("a portal needs its control plane", host.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_directory_of_a_control_plane_is_refused()
    {
        host.Variables["BORDER0_EDGE_TOKEN"] = Credential();
        var data = Path.Combine(host.Home, "data");
        DataDirectory.Open(data, fresh: false).Dispose();
        Assert.Equal(1, await host.RunAsync("server", "--roles", "edge", "--tunnel-address", "a.test:1", "--data-dir", data));
        Assert.Contains("it is a control plane's", host.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Edge_alone_is_started_as_one_and_notes_what_it_does_not_use()
    {
        host.Variables["BORDER0_EDGE_TOKEN"] = Credential();
        EdgeRoleOptions? started = null;
        host.Roles = host.Roles with
        {
            StartEdge = (options, _) =>
            {
                started = options;
                return Task.FromResult(new RunningEdge(options.Settings.Claims.EdgeId, options.Settings.TunnelAddress, null, Task.CompletedTask, _ => Task.CompletedTask));
            },
        };
        Assert.Equal(0, await host.RunAsync("server", "--roles", "edge", "--tunnel-address", "a.test:1", "--https-port", "1", "--ready-file", Path.Combine(host.Home, "ready")));
        Assert.Equal(Path.Combine(host.Home, ".border0", "edge"), started!.DataDirectory);
        Assert.Contains("the HTTPS port: not used by an edge alone", host.Error, StringComparison.Ordinal);
        Assert.Contains("Edge e1 runs", host.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Variables["BORDER0_EDGE_TOKEN"], host.Output + host.Error, StringComparison.Ordinal);
    }

    internal static string Credential(string edge = "e1")
    {
        using var key = SigningKey.Create();
        return new TokenIssuer(key).IssueEdgeCredential(new EdgeCredentialClaims(
            "credential-1", new EdgeId(edge), "org-1", new Uri("https://border0.test:8443"), [], DateTimeOffset.UtcNow, null));
    }
}
