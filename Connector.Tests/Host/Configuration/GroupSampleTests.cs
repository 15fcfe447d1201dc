using System.Text.RegularExpressions;
using Connector.Actors.Group;
using Connector.Host.Configuration;
using Connector.Tests.Conventions;
using Connector.Tests.Processes;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Host.Configuration;

/// <summary>The group in config/group: its files are good, and the commands beside them make what they need.</summary>
[Trait("kind", Kinds.Service)]
public sealed partial class GroupSampleTests : IDisposable
{
    private static readonly string Folder = Path.Combine(SourceTree.Root, "config", "group");
    private static readonly InstalledProgram OpenSsl = new("openssl", "openssl");

    private readonly HostFixture host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task Certificates_made_by_the_commands_of_the_readme_fit_the_three_files()
    {
        Installed.Require(OpenSsl);
        var commands = Commands().Match(await File.ReadAllTextAsync(Path.Combine(Folder, "README.md"), TestContext.Current.CancellationToken)).Groups[1].Value;
        Assert.NotEmpty(commands);
        await ChildProcess.RunAsync("sh", ["-e", "-c", $"cd \"$1\"\n{commands}", "sh", host.Home], TimeSpan.FromMinutes(3));
        host.Variables["BORDER0_TOKEN"] = HostFixture.Token();
        host.Variables["BORDER0_CLUSTER_TLS_CA"] = Path.Combine(host.Home, "ca.pem");

        GroupSettings[] group =
        [
            .. Enumerable.Range(1, 3).Select(number =>
            {
                host.Variables["BORDER0_CLUSTER_TLS_CERTIFICATE"] = Path.Combine(host.Home, $"replica-{number}.pem");
                host.Variables["BORDER0_CLUSTER_TLS_KEY"] = Path.Combine(host.Home, $"replica-{number}-key.pem");
                var settings = ConnectorSettingsLoader.Load(new ConnectorFlags(Path.Combine(Folder, $"replica-{number}.yaml")), host.Environment);
                Assert.Empty(settings.Notes);
                Assert.Equal(TimeSpan.FromMinutes(15), settings.DrainTimeout);
                return settings.Cluster!;
            }),
        ];

        Assert.All(group, replica => Assert.Equal(group[0].Peers, replica.Peers));
        Assert.Equal(group[0].Peers, group.Select(replica => replica.Self));
        Assert.Equal(3, group.Select(replica => replica.Tls!.Certificate.Thumbprint).Distinct().Count());
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Commands();
}
