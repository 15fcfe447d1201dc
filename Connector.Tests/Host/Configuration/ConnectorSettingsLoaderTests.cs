using System.Net;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Xunit;

namespace Connector.Tests.Host.Configuration;

[Trait("kind", Kinds.Contract)]
public sealed class ConnectorSettingsLoaderTests : IDisposable
{
    private const UnixFileMode OthersRead = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly HostFixture host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public void Token_alone_is_enough()
    {
        host.Variables["BORDER0_TOKEN"] = HostFixture.Token();

        var settings = Load();

        Assert.Equal(new Uri("https://border0.test:8443"), settings.ServerUrl);
        Assert.Equal("org-1", settings.OrganizationId);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 9480), settings.Health);
        Assert.Equal(Path.Combine(host.Home, ".border0", "connector"), settings.StateDirectory);
        Assert.Empty(settings.Notes);
        Assert.DoesNotContain(settings.Token.Reveal(), settings.ToString());
    }

    [Fact]
    public void Environment_wins_over_the_file_and_flags_over_both()
    {
        var path = host.Write("c.yaml", "token: from:env:NOWHERE\nconnector_server: a.test\nlog_level: error\nstate_dir: /a\nhealth: off\nvariables: {one: 1, two: 2}\n");
        host.Variables["BORDER0_TOKEN"] = HostFixture.Token();
        host.Variables["BORDER0_CONNECTOR_SERVER"] = "b.test:9";
        host.Variables["BORDER0_LOG_LEVEL"] = "debug";
        host.Variables["BORDER0_VAR_TWO"] = "from:env:THREE";
        host.Variables["THREE"] = "3";

        var settings = Load(new ConnectorFlags(path, StateDirectory: "/b", Health: "127.0.0.1:1"));

        Assert.Equal(new Uri("https://b.test:9"), settings.ServerUrl);
        Assert.Equal("debug", settings.LogLevel);
        Assert.Equal("/b", settings.StateDirectory);
        Assert.Equal(1, settings.Health!.Port);
        Assert.Equal("1", settings.Variables["one"].Reveal());
        Assert.Equal("3", settings.Variables["two"].Reveal());
    }

    [Fact]
    public void File_gives_what_nothing_overrides()
    {
        var path = host.Write(
            "c.yaml", $"token: {HostFixture.Token()}\nhealth: off\ndrain_timeout: 2m\nreach:\n  allow: [10.0.0.0/8]\n  deny: [10.1.2.3]\n");

        var settings = Load(new ConnectorFlags(path));

        Assert.Null(settings.Health);
        Assert.Equal(TimeSpan.FromMinutes(2), settings.DrainTimeout);
        Assert.Equal(IPNetwork.Parse("10.0.0.0/8"), Assert.Single(settings.Reach.Allow));
        Assert.Equal(IPNetwork.Parse("10.1.2.3/32"), Assert.Single(settings.Reach.Deny));
    }

    [Fact]
    public void Two_files_that_differ_are_told_apart()
    {
        var first = host.Write("first.yaml", "log_level: error\n");
        var second = host.Write("second.yaml", "log_level: warn\n");
        host.Variables["BORDER0_TOKEN"] = HostFixture.Token();
        host.Variables["BORDER0_CONFIG_FILE"] = second;

        var settings = Load(new ConnectorFlags(first));

        Assert.Equal("warn", settings.LogLevel);
        Assert.Contains($"{second} is used", Assert.Single(settings.Notes));
    }

    [Fact]
    public void Default_file_is_used_when_it_exists()
    {
        Directory.CreateDirectory(Path.Combine(host.Home, ".border0"));
        host.Write(".border0/config.yaml", $"token: {HostFixture.Token()}\nlog_level: warn\n");

        Assert.Equal("warn", Load().LogLevel);
    }

    [Fact]
    public void Token_file_that_others_can_read_is_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes do not exist there");
        host.Variables["BORDER0_TOKEN"] = "from:file:" + host.Write("token", HostFixture.Token() + "\n", OthersRead);

        Assert.Contains("chmod 600", Assert.Throws<ConnectorError>(() => Load()).Message);
    }

    [Fact]
    public void Configuration_with_a_token_that_others_can_read_is_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes do not exist there");
        var path = host.Write("c.yaml", $"token: {HostFixture.Token()}\n", OthersRead);

        Assert.Contains("chmod 600", Assert.Throws<ConnectorError>(() => Load(new ConnectorFlags(path))).Message);
    }

    [Fact]
    public void Token_file_of_systemd_is_accepted_with_a_note()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes do not exist there");
        host.Variables["CREDENTIALS_DIRECTORY"] = host.Home;
        host.Variables["BORDER0_TOKEN"] = "from:file:" + host.Write("token", HostFixture.Token() + "\n", OthersRead);

        Assert.Contains("systemd", Assert.Single(Load().Notes));
    }

    [Fact]
    public void Token_file_on_a_read_only_mount_is_accepted_with_a_note()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes do not exist there");
        var path = host.Write("token", "x", OthersRead);

        Assert.Contains("read-only mount", new SecretFiles(null, _ => true).Check(path, "the token"));
        Assert.Throws<ConnectorError>(() => new SecretFiles(null, _ => false).Check(path, "the token"));
    }

    [Fact]
    public void Token_file_of_the_owner_alone_is_accepted_silently()
    {
        host.Variables["BORDER0_TOKEN"] = "from:file:" + host.Write("token", HostFixture.Token() + "\n");

        Assert.Empty(Load().Notes);
    }

    [Theory]
    [InlineData("/mnt/ro/token", true)]
    [InlineData("/mnt/ro/rw/token", false)]
    [InlineData("/mnt/roof/token", false)]
    [InlineData("/etc/token", false)]
    public void Longest_mount_decides(string path, bool readOnly) => Assert.Equal(readOnly, MountTable.IsReadOnly(path,
    [
        "22 1 8:1 / / rw,relatime - ext4 /dev/sda rw",
        "23 22 0:1 / /mnt/ro ro,nosuid - tmpfs tmpfs rw",
        "24 23 0:2 / /mnt/ro/rw rw - tmpfs tmpfs rw",
        "nonsense",
    ]));

    [Theory]
    [InlineData("BORDER0_TOKEN", "from:env:NOWHERE", "NOWHERE")]
    [InlineData("BORDER0_TOKEN", "a.b.c", "Cannot use the token")]
    [InlineData("BORDER0_LOG_LEVEL", "loud", "loud")]
    [InlineData("BORDER0_CONNECTOR_SERVER", "ftp://h", "BORDER0_CONNECTOR_SERVER")]
    [InlineData("BORDER0_CONNECTOR_SERVER", "http://h", "BORDER0_CONNECTOR_SERVER")]
    [InlineData("BORDER0_CONNECTOR_INSECURE_TRANSPORT", "true", "without TLS")]
    [InlineData("BORDER0_VAR_X", "from:env:NOWHERE", "variable X")]
    public void Environment_that_is_wrong_is_named(string name, string value, string named)
    {
        host.Variables["BORDER0_TOKEN"] = HostFixture.Token();
        host.Variables[name] = value;

        Assert.Contains(named, Assert.Throws<ConnectorError>(() => Load()).Message);
    }

    [Fact]
    public void Token_of_another_connector_is_refused()
    {
        host.Variables["BORDER0_TOKEN"] = HostFixture.Token();

        Assert.Contains(HostFixture.ConnectorIdText, Assert.Throws<ConnectorError>(() => Load(new ConnectorFlags(ConnectorId: "other"))).Message);
        Assert.Equal(HostFixture.ConnectorIdText, Load(new ConnectorFlags(ConnectorId: HostFixture.ConnectorIdText.ToUpperInvariant())).ConnectorId.Value);
    }

    [Fact]
    public void Expired_token_is_noted_but_left_to_the_control_plane()
    {
        host.Variables["BORDER0_TOKEN"] = HostFixture.Token(expires: DateTimeOffset.UtcNow.AddDays(-1));

        Assert.Contains("expired", Assert.Single(Load().Notes));
    }

    private ConnectorSettings Load(ConnectorFlags? flags = null) => ConnectorSettingsLoader.Load(flags ?? new ConnectorFlags(), host.Environment);
}
