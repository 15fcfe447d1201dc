using System.Text;

namespace Connector.Tests.Plugins.Network;

[Trait("kind", Kinds.Contract)]
public sealed class NetworkDiscovererContractTests : DiscovererContract
{
    private protected override Task<SourceInTest> AnsweringAsync()
    {
        var ssh = new SpeakingServer("SSH-2.0-test\r\n"u8.ToArray());
        var vnc = new SpeakingServer("RFB 003.008\n"u8.ToArray());
        return Task.FromResult(new SourceInTest(Scans.Of(SlowTime.Thirtyfold, "127.0.0.1", ssh.Port, vnc.Port), Task.CompletedTask, ssh, vnc));
    }

    private protected override Task<SourceInTest> SilentAsync()
    {
        var silent = new SpeakingServer([]);
        return Task.FromResult(new SourceInTest(Scans.Of(SlowTime.Thirtyfold, "127.0.0.1", silent.Port), silent.Accepted, silent));
    }

    private protected override Task<SourceInTest> UnreachableAsync()
        => Task.FromResult(new SourceInTest(Scans.Of("nobody.invalid", 22), Task.CompletedTask));

    private protected override Task<SourceInTest> HostileAsync()
    {
        var servers = HostileTexts.All.Select(text => new SpeakingServer(Encoding.UTF8.GetBytes($"SSH-2.0-{text}\r\n")))
            .Append(new SpeakingServer([0xff, 0xfe, 0x80, 0, 1, 2, 3])).ToList();
        return Task.FromResult(new SourceInTest(Scans.Of("127.0.0.1", servers.Select(server => server.Port)), Task.CompletedTask, servers));
    }
}
