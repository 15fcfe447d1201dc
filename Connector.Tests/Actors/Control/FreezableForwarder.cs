using System.Net;
using System.Net.Sockets;

namespace Connector.Tests.Actors.Control;

/// <summary>Forwards one TCP connection until it is told to freeze: then it holds both ends open and moves nothing, like a cut cable.</summary>
internal sealed class FreezableForwarder : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ended = new();
    private readonly Task running;
    private volatile bool frozen;

    public FreezableForwarder(int target)
    {
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        running = Run(target);
    }

    public int Port { get; }

    public void Freeze() => frozen = true;

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.Dispose();
        ended.Dispose();
    }

    private async Task Run(int target)
    {
        using var near = await listener.AcceptSocketAsync(ended.Token);
        using var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await far.ConnectAsync(IPAddress.Loopback, target, ended.Token);
        await Task.WhenAll(Pump(near, far), Pump(far, near));
    }

    private async Task Pump(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var read = await from.ReceiveAsync(buffer, ended.Token);
            if (frozen)
                await Task.Delay(Timeout.Infinite, ended.Token);
            if (read == 0)
                return;
            await to.SendAsync(buffer.AsMemory(0, read), ended.Token);
        }
    }
}
