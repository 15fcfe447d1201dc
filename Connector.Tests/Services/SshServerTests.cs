using System.Globalization;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Services;

[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class SshServerTests
{
    [Fact]
    public async Task Sshd_started_runs_a_command()
    {
        Installed.Require(SshServer.Needs);
        await using var server = await SshServer.StartAsync(TestContext.Current.CancellationToken);

        var said = await ChildProcess.RunAsync(
            InstalledProgram.Ssh.Require(),
            [.. server.ClientOptions, "-p", server.Port.ToString(CultureInfo.InvariantCulture), $"{SshServer.User}@127.0.0.1", "echo $((6 * 7))"],
            TimeSpan.FromMinutes(1));

        Assert.Equal("42", said.Trim());
    }
}
