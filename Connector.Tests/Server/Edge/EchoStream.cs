using System.Net.Sockets;
using Akka.Streams;
using Connector.Relay.Frames;
using Connector.Relay.Streams;
using Connector.Server.Edge.Links;

namespace Connector.Tests.Server.Edge;

/// <summary>A stream whose upstream echoes.</summary>
internal sealed class EchoStream : IRelayedStream
{
    private readonly TaskCompletionSource<ResetCode> reset = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? connection;

    /// <summary>The code it was reset with.</summary>
    public Task<ResetCode> WasReset => reset.Task;

    public async Task<StreamOutcome> RunAsync(Socket client, IMaterializer materializer)
    {
        connection = client;
        var buffer = new byte[4096];
        try
        {
            while (await client.ReceiveAsync(buffer).ConfigureAwait(false) is > 0 and var read)
            {
                await client.SendAsync(buffer.AsMemory(0, read)).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }

        client.Dispose();
        return new StreamOutcome(StreamEnd.Completed, "", 0, 0);
    }

    public void Reset(ResetCode code)
    {
        reset.TrySetResult(code);
        if (connection is { } client)
        {
            client.LingerState = new LingerOption(true, 0);
            client.Dispose();
        }
    }
}
