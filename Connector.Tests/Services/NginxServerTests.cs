using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Services;

[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class NginxServerTests
{
    [Fact]
    public async Task Nginx_started_answers_curl()
    {
        Installed.Require(NginxServer.Needs);
        await using var server = await NginxServer.StartAsync(TestContext.Current.CancellationToken);

        var got = await ChildProcess.RunAsync(InstalledProgram.Curl.Require(), ["-sS", "--fail", $"http://127.0.0.1:{server.Port}/small.txt"], TimeSpan.FromMinutes(1));

        Assert.Equal(NginxServer.SmallText, got);
    }
}
