using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Grpc.Core;
using Xunit;

namespace Connector.Tests.Server.Control;

/// <summary>A control stream that keeps what its entity sends.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore without a wait handle holds nothing to free.")]
internal sealed class RecordingStream(long streamId, bool ours) : IControlStream
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentQueue<ControlStreamResponse> sent = new();
    private readonly TaskCompletionSource<StreamEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim changed = new(0);
    private int handled;

    public long StreamId => streamId;

    public bool IsOurs => ours;

    public DateTimeOffset LastHeard { get; set; }

    public SessionEpoch? AcceptedEpoch { get; private set; }

    public IReadOnlyCollection<ControlStreamResponse> Sent => sent;

    public StreamEnd? End => ended.Task.IsCompletedSuccessfully ? ended.Task.Result : null;

    public int HandledCount => Volatile.Read(ref handled);

    public Task<StreamEnd> EndedAsync() => ended.Task.WaitAsync(Patience);

    public Task SentAsync(int count) => SentAsync(messages => messages.Count >= count);

    public async Task SentAsync(Func<IReadOnlyCollection<ControlStreamResponse>, bool> until)
    {
        while (!until(sent))
        {
            Assert.True(await changed.WaitAsync(Patience), $"only [{string.Join(", ", sent.Select(message => message.RequestTypeCase))}] was sent; end: {End}");
        }
    }

    public void Accept(SessionEpoch epoch) => AcceptedEpoch = epoch;

    public void Send(ControlStreamResponse message)
    {
        sent.Enqueue(message.Clone());
        changed.Release();
    }

    void IControlStream.End(StatusCode code, string reason, TimeSpan? retryAfter) => ended.TrySetResult(new StreamEnd(code, reason, retryAfter));

    public void Handled() => Interlocked.Increment(ref handled);
}
