using System.Collections.Concurrent;
using System.Threading.Channels;
using Connector.Actors.Control;
using Connector.Protocol.Control.Wire;

namespace Connector.Tests.Actors.Control;

internal sealed class FakeControlConnection(byte[] nonce) : IControlConnection
{
    private readonly Channel<ControlStreamResponse> fromServer = Channel.CreateUnbounded<ControlStreamResponse>();
    private readonly BlockingCollection<ControlStreamRequest> toServer = [];
    private readonly TaskCompletionSource disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ReadOnlyMemory<byte> Nonce => nonce;

    public bool Congested { get; set; }

    public bool HalfClosed { get; private set; }

    public Task Disposed => disposed.Task;

    public void Push(ControlStreamResponse message) => fromServer.Writer.TryWrite(message);

    public void End(ControlFailure? failure = null)
        => fromServer.Writer.TryComplete(failure is null ? null : new ControlTransportException(failure));

    /// <summary>The next message of that kind; others before it are skipped.</summary>
    public ControlStreamRequest Expect(ControlStreamRequest.RequestTypeOneofCase kind)
    {
        while (toServer.TryTake(out var message, TimeSpan.FromSeconds(20)))
        {
            if (message.RequestTypeCase == kind)
                return message;
        }

        throw new TimeoutException($"the actor did not send {kind}");
    }

    public IReadOnlyList<ControlStreamRequest> TakeSent()
    {
        var sent = new List<ControlStreamRequest>();
        while (toServer.TryTake(out var message))
            sent.Add(message);
        return sent;
    }

    public bool TrySend(ControlStreamRequest message)
    {
        if (Congested)
            return false;
        toServer.Add(message);
        return true;
    }

    public async Task<ControlStreamResponse?> ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await fromServer.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException e) when (e.InnerException is ControlTransportException cause)
        {
            throw cause;
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    public Task CompleteAsync(CancellationToken cancellationToken)
    {
        HalfClosed = true;
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        disposed.TrySetResult();
        return ValueTask.CompletedTask;
    }
}
