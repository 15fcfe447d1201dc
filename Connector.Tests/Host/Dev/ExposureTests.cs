using System.Text.Json;
using Connector.Host.Dev;
using Connector.Protocol.Json;
using Connector.Protocol.Sockets;
using CsCheck;
using Xunit;

namespace Connector.Tests.Host.Dev;

[Trait("kind", Kinds.Pure)]
public sealed class ExposureTests
{
    [Theory]
    [InlineData("a=tcp://127.0.0.1:5000", "tls", "127.0.0.1", 5000)]
    [InlineData("web-1=http://localhost", "http", "localhost", 80)]
    [InlineData("web=https://h.test", "http", "h.test", 443)]
    [InlineData("s=ssh://h", "ssh", "h", 22)]
    [InlineData("db=postgres://h", "database", "h", 5432)]
    [InlineData("db=mysql://h:3307", "database", "h", 3307)]
    [InlineData("v=vnc://h", "vnc", "h", 5900)]
    [InlineData("r=rdp://[::1]", "rdp", "::1", 3389)]
    public void Exposure_becomes_a_socket_that_this_build_serves(string text, string type, string host, int port)
    {
        var (exposure, problem) = Exposure.Parse(text);

        Assert.Null(problem);
        Assert.Equal(type, exposure!.SocketType);
        var json = JsonSerializer.Serialize(exposure.ToUpstream(), WireJson.Options);
        var reading = SocketConfigurationReader.ReadUpstream(json, strict: true);
        Assert.True(reading.Succeeded, string.Join('\n', reading.Problems));
        Assert.Equal(
            new SocketUpstream.PlainRelay(host, port), SocketUpstream.Resolve(new SocketConfiguration { UpstreamConfiguration = reading.Value }));
    }

    [Fact]
    public void Any_text_is_read_or_refused_without_an_exception()
        => Gen.String.Sample(text => Exposure.Parse(text) is ({ }, null) or (null, { Length: > 0 }), iter: 300);
}
