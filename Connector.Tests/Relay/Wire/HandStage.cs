using Connector.Relay.Streams;

namespace Connector.Tests.Relay.Wire;

/// <summary>The stage of a stream without Akka and without a socket: sends some pieces and the half-close, takes all that comes.</summary>
internal sealed class HandStage : IStreamSignals
{
    private readonly Lock gate = new();
    private readonly RelayStream stream;
    private readonly List<byte> received = [];
    private bool finished;

    public HandStage(RelayStream stream)
    {
        this.stream = stream;
        stream.TryAttach(this);
        Signal();
    }

    public byte[] Received
    {
        get
        {
            lock (received)
                return [.. received];
        }
    }

    public void Signal() => ThreadPool.UnsafeQueueUserWorkItem(static stage => stage.Take(), this, preferLocal: false);

    public void Send(params byte[][] pieces)
    {
        foreach (var piece in pieces)
        {
            if (stream.RentForSend(static () => { }) is not { } buffer)
                return;
            piece.CopyTo(buffer.Free);
            buffer.Length = piece.Length;
            stream.Send(buffer);
        }
    }

    public void Finish() => stream.Finish();

    private void Take()
    {
        lock (gate)
        {
            while (true)
            {
                if (stream.TakeInbound(out var end) is { } buffer)
                {
                    lock (received)
                        received.AddRange(buffer.Filled.Span);
                    var bytes = buffer.Length;
                    buffer.Return();
                    stream.Consumed(bytes);
                    continue;
                }

                if (end && !finished)
                {
                    finished = true;
                    stream.ConsumedFin();
                }

                return;
            }
        }
    }
}
