using System.Net;
using System.Net.Sockets;
using Connector.Plugins.Network;

namespace Connector.Tests.Plugins.Network;

[Trait("kind", Kinds.Contract)]
public sealed class TcpConnectorTests
{
    [Fact]
    public async Task Attempt_ends_although_its_timer_came_early()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("a full backlog drops SYNs on Linux; other systems answer");
        }

        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var at = (IPEndPoint)full.LocalEndPoint!;
        var time = new OneTimer();
        using var connector = new TcpConnector(time);

        // One is all that the backlog takes; the kernel drops what the next one sends.
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(at, TestContext.Current.CancellationToken);
        using var hanging = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var ending = connector.ConnectAsync(hanging, at).AsTask();
        time.Now = TcpConnector.Limit - TimeSpan.FromMilliseconds(1);
        time.Due = null;
        time.Fire();

        Assert.False(ending.IsCompleted);
        Assert.Equal(TimeSpan.FromMilliseconds(2), time.Due);

        time.Now += TimeSpan.FromMilliseconds(2);
        time.Fire();

        Assert.Equal(SocketError.OperationAborted, await ending);
    }

    /// <summary>A clock that stands, and a timer that fires when it is told to.</summary>
    private sealed class OneTimer : TimeProvider, ITimer
    {
        private Action? callback;

        public TimeSpan Now { get; set; }

        public TimeSpan? Due { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;

        public void Fire() => callback!();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            this.callback = () => callback(state);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due = dueTime;
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
