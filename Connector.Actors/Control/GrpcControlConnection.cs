using System.Threading.Channels;
using Connector.Protocol.Control.Wire;
using Grpc.Core;
using Grpc.Net.Client;

namespace Connector.Actors.Control;

/// <summary>One control stream over gRPC. Owns the channel: disposing ends its TCP connection.</summary>
internal sealed class GrpcControlConnection : IControlConnection
{
    // Reports are merged before they are sent and one log batch is out at a time: more than this waits only behind a peer that does not read.
    private const int MostQueued = 256;

    // Two of the largest scans and many small ones: more than this waits only behind a peer that does not read.
    private const long MostResultBytes = 128 * 1024 * 1024;

    private readonly GrpcChannel channel;
    private readonly AsyncDuplexStreamingCall<ControlStreamRequest, ControlStreamResponse> call;
    private readonly TimeSpan writeDeadline;
    private readonly TimeProvider time;
    private readonly Channel<ControlStreamRequest> queue = Channel.CreateBounded<ControlStreamRequest>(
        new BoundedChannelOptions(MostQueued) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    // Results of discovery, however many come at once, wait behind everything else: neither a heartbeat nor the answer to a challenge waits for megabytes.
    private readonly Channel<(ControlStreamRequest Message, int Size)> results = Channel.CreateUnbounded<(ControlStreamRequest, int)>(new UnboundedChannelOptions { SingleReader = true });

    // One for each message in either, and one for the end.
    private readonly SemaphoreSlim waiting = new(0);

    private readonly Task writing;
    private Task<ControlStreamResponse?> reading = Task.FromResult<ControlStreamResponse?>(new ControlStreamResponse());
    private ControlFailure? writeFailure;
    private long resultBytes;
    private int disposed;

    public GrpcControlConnection(
        GrpcChannel channel,
        AsyncDuplexStreamingCall<ControlStreamRequest, ControlStreamResponse> call,
        ReadOnlyMemory<byte> nonce,
        TimeSpan writeDeadline,
        TimeProvider time)
    {
        this.channel = channel;
        this.call = call;
        this.writeDeadline = writeDeadline;
        this.time = time;
        Nonce = nonce;
        writing = WriteAllAsync();
    }

    public ReadOnlyMemory<byte> Nonce { get; }

    // A queue that was closed by a failed write takes no more either; the reason comes out of ReceiveAsync, so that is not the peer's slowness.
    public bool TrySend(ControlStreamRequest message)
    {
        if (!(IsResult(message) ? TryQueueResult(message) : queue.Writer.TryWrite(message)))
            return writing.IsCompleted;
        waiting.Release();
        return true;
    }

    public Task<ControlStreamResponse?> ReceiveAsync(CancellationToken cancellationToken) => reading = ReadAsync(cancellationToken);

    private async Task<ControlStreamResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false) ? call.ResponseStream.Current : null;
        }
        catch (RpcException e)
        {
            throw Volatile.Read(ref writeFailure) is { } failure ? new ControlTransportException(failure, e) : Explain(e);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or InvalidOperationException or IOException)
        {
            throw new ControlTransportException(
                Volatile.Read(ref writeFailure) ?? new ControlFailure(ControlFailureKind.Ended, "the control stream was closed"), e);
        }
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        Complete();
        await writing.WaitAsync(cancellationToken).ConfigureAwait(false);

        // The server's end of the stream tells that it has read everything. A read may be under way, and two at once are not allowed.
        while (await reading.WaitAsync(cancellationToken).ConfigureAwait(false) is not null)
            reading = ReadAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        Complete();
        call.Dispose();
        channel.Dispose();
        await writing.ConfigureAwait(false);
    }

    internal static ControlTransportException Explain(RpcException e)
        => new(
            ControlFailure.FromStatus(e.StatusCode, e.Status.Detail, e.Trailers.GetValue(ControlFailure.RetryAfterTrailer)),
            e);

    // Never faults: what goes wrong is told to the reader.
    private async Task WriteAllAsync()
    {
        try
        {
            while (await NextAsync().ConfigureAwait(false) is { } message)
                await call.RequestStream.WriteAsync(message).WaitAsync(writeDeadline, time).ConfigureAwait(false);
            await call.RequestStream.CompleteAsync().WaitAsync(writeDeadline, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Volatile.Write(ref writeFailure, new ControlFailure(
                ControlFailureKind.Unreachable, $"the control plane did not read within {writeDeadline.TotalSeconds:0.#} s"));
            call.Dispose();
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or InvalidOperationException or IOException)
        {
            // The status of the stream says why; the reader gets it.
        }
        finally
        {
            Complete();
        }
    }

    /// <summary>Null at the end.</summary>
    private async Task<ControlStreamRequest?> NextAsync()
    {
        await waiting.WaitAsync().ConfigureAwait(false);
        if (queue.Reader.TryRead(out var message))
            return message;
        if (!results.Reader.TryRead(out var result))
            return null;
        Interlocked.Add(ref resultBytes, -result.Size);
        return result.Message;
    }

    private bool TryQueueResult(ControlStreamRequest message)
    {
        var size = message.CalculateSize();
        if (Interlocked.Add(ref resultBytes, size) <= MostResultBytes && results.Writer.TryWrite((message, size)))
            return true;
        Interlocked.Add(ref resultBytes, -size);
        return false;
    }

    private void Complete()
    {
        results.Writer.TryComplete();
        if (queue.Writer.TryComplete())
            waiting.Release();
    }

    private static bool IsResult(ControlStreamRequest message) => message.RequestTypeCase == ControlStreamRequest.RequestTypeOneofCase.PluginDiscoveryResults;
}
