using System.Threading.Channels;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Grpc.Core;

namespace Connector.Server.Control;

/// <summary>
/// One control stream: the bounded channel between its connector's entity and its gRPC call. The entity only queues and ends; the call reads and writes.
/// </summary>
internal sealed class ControlStream : IControlStream, IDisposable
{
    // Messages of this stream that the entity has not handled yet; the reader waits beyond that.
    private const int MaxUnhandled = 16;

    private static long lastStreamId;

    private readonly ControlLimits limits;
    private readonly TimeProvider time;
    private readonly Channel<ControlStreamResponse> outbound;
    private readonly TaskCompletionSource<SessionEpoch> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<StreamEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource endedSource = new();
    private readonly SemaphoreSlim unhandled = new(MaxUnhandled, MaxUnhandled);
    private long queuedBytes;
    private long lastHeardTicks;

    public ControlStream(ControlLimits limits, TimeProvider time)
    {
        this.limits = limits;
        this.time = time;
        outbound = Channel.CreateBounded<ControlStreamResponse>(new BoundedChannelOptions(limits.OutboundMessages) { SingleReader = true });
        EndedToken = endedSource.Token;
        Hear();
    }

    public long StreamId { get; } = Interlocked.Increment(ref lastStreamId);

    public DateTimeOffset LastHeard => new(Interlocked.Read(ref lastHeardTicks), TimeSpan.Zero);

    /// <summary>Completes when the claim is accepted; never when it is refused.</summary>
    public Task<SessionEpoch> Accepted => accepted.Task;

    public Task<StreamEnd> Ended => ended.Task;

    /// <summary>Cancelled when the stream has ended. Stays usable after disposal.</summary>
    public CancellationToken EndedToken { get; }

    public void Hear() => Interlocked.Exchange(ref lastHeardTicks, time.GetUtcNow().UtcTicks);

    public void Accept(SessionEpoch epoch) => accepted.TrySetResult(epoch);

    public void Send(ControlStreamResponse message)
    {
        if (ended.Task.IsCompleted)
        {
            return;
        }

        var bytes = Interlocked.Add(ref queuedBytes, message.CalculateSize());
        if (bytes > limits.OutboundBytes || !outbound.Writer.TryWrite(message))
        {
            End(StatusCode.ResourceExhausted, "the client does not read what the control plane sends; connect again", null);
        }
    }

    public void End(StatusCode code, string reason, TimeSpan? retryAfter) => End(new StreamEnd(code, reason, retryAfter));

    public void End(StreamEnd end)
    {
        if (!ended.TrySetResult(end))
        {
            return;
        }

        outbound.Writer.TryComplete();
        // Callbacks (cancelled reads and writes) must not run on an actor's thread.
        _ = Task.Run(() =>
        {
            try
            {
                endedSource.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The call is over already.
            }
        });
    }

    public void Handled() => unhandled.Release();

    /// <summary>Waits until one more message may be given to the entity.</summary>
    public Task BeforeTellAsync() => unhandled.WaitAsync(EndedToken);

    /// <summary>Writes what is queued until the stream ends. Completes when no write is under way any more: a hanging one needs the connection aborted.</summary>
    public async Task WriteAllAsync(IAsyncStreamWriter<ControlStreamResponse> responses)
    {
        var write = Task.CompletedTask;
        try
        {
            await foreach (var message in outbound.Reader.ReadAllAsync(EndedToken).ConfigureAwait(false))
            {
                write = responses.WriteAsync(message);
                await write.WaitAsync(limits.WriteStall, time).ConfigureAwait(false);
                Interlocked.Add(ref queuedBytes, -message.CalculateSize());
            }
        }
        catch (TimeoutException)
        {
            End(StatusCode.ResourceExhausted, $"the client did not read for {limits.WriteStall.TotalSeconds:0} s; connect again", null);
            await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (OperationCanceledException) when (EndedToken.IsCancellationRequested)
        {
            // Ended by somebody else.
        }
        catch (Exception exception) when (exception is RpcException or IOException or InvalidOperationException or OperationCanceledException)
        {
            End(new StreamEnd(StatusCode.Cancelled, "the connection broke", ByPeer: true));
        }
    }

    public void Dispose()
    {
        End(new StreamEnd(StatusCode.Cancelled, "the call is over", ByPeer: true));
        endedSource.Dispose();
    }
}
