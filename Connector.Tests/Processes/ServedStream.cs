namespace Connector.Tests.Processes;

/// <summary>Opens a watched stream through a socket that was only just made: until its replica serves it, users are turned away.</summary>
internal static class ServedStream
{
    public static Task<StreamWatch> StartAsync(ApiSocket socket, CancellationToken cancellation)
        => Eventually.SucceedsAsync(
            async () =>
            {
                var watch = await StreamWatch.StartAsync(socket.Name, socket.Port, cancellation);
                try
                {
                    await watch.ReceiveAsync(1, cancellation);
                    return watch;
                }
                catch
                {
                    await watch.DisposeAsync();
                    throw;
                }
            },
            $"socket {socket.Name} serves a stream",
            cancellation);
}
