using System.Net;
using Connector.Server.Edge.Sockets;

namespace Connector.Tests.Server.Edge.Sockets;

[Trait("kind", Kinds.Pure)]
public sealed class OpenFailureLogTests
{
    private readonly OpenFailureLog log = new();

    [Fact]
    public void First_failures_of_a_window_are_recorded_and_the_others_counted()
    {
        for (var i = 0; i < OpenFailureLog.PerWindow; i++)
        {
            Assert.True(log.Note(Of(i)));
        }

        Assert.False(log.Note(Of(100)));
        Assert.False(log.Note(Of(101)));
        Assert.Equal(new OpenFailureLog.Summary(2, Of(101)), log.Flush());
        Assert.True(log.Note(Of(102)));
        Assert.Null(log.Flush());
    }

    private static OpenFailure Of(int port) => new(null, new IPEndPoint(IPAddress.Loopback, port), "refused", "");
}
