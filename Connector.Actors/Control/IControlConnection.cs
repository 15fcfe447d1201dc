using Connector.Protocol.Control.Wire;

namespace Connector.Actors.Control;

/// <summary>One open control stream. Disposing aborts it; <see cref="CompleteAsync"/> ends it politely.</summary>
public interface IControlConnection : IAsyncDisposable
{
    /// <summary>What hello must be signed over; empty when the peer does not know our features, then none of them may be used.</summary>
    ReadOnlyMemory<byte> Nonce { get; }

    /// <summary>
    /// Queues a message; messages leave in the order of the calls. False when the bound of the queue is reached because the peer does not
    /// read: give the stream up.
    /// </summary>
    bool TrySend(ControlStreamRequest message);

    /// <summary>The next message, or null at a clean end. Not to be called again before it has completed.</summary>
    /// <exception cref="ControlTransportException">The stream ended with a status, was cut, or a write failed.</exception>
    Task<ControlStreamResponse?> ReceiveAsync(CancellationToken cancellationToken);

    /// <summary>Sends what is queued, then half-closes.</summary>
    Task CompleteAsync(CancellationToken cancellationToken);
}
