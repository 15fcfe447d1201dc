using System.Collections.Concurrent;
using Connector.Actors.Control;
using Connector.Actors.Group;
using Connector.Protocol.Control.Wire;

namespace Connector.Tests.Actors.Group;

/// <summary>One replica's way to the control plane, which can be cut: then nothing passes, and the server hears no end of it.</summary>
internal sealed class SwitchedControlPlane(GrpcControlTransport inner) : IControlTransport, IGroupVerdicts
{
    private readonly ConcurrentDictionary<SwitchedConnection, bool> open = [];
    private volatile bool away;

    public bool Away
    {
        get => away;
        set
        {
            away = value;
            foreach (var connection in open.Keys)
                connection.Frozen = value;
        }
    }

    /// <summary>Ends every open stream at once, as the death of the process does.</summary>
    public async Task ResetAsync()
    {
        away = true;
        foreach (var connection in open.Keys)
            await connection.DisposeAsync();
    }

    public async Task<IControlConnection> OpenAsync(int attempt, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        var connection = new SwitchedConnection(await inner.OpenAsync(attempt, cancellationToken), this);
        open[connection] = true;
        connection.Frozen = away;
        return connection;
    }

    public async Task<GroupVerdict> AskAsync(GroupQuestionBody question, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        var verdict = await inner.AskAsync(question, cancellationToken);
        ThrowIfAway();
        return verdict;
    }

    private void ThrowIfAway()
    {
        if (away)
            throw new ControlTransportException(new ControlFailure(ControlFailureKind.Unreachable, "the control plane could not be reached: cut by the test"));
    }

    private sealed class SwitchedConnection(IControlConnection inner, SwitchedControlPlane owner) : IControlConnection
    {
        private volatile bool frozen;

        /// <summary>Nothing goes out, and what comes in stays on the way.</summary>
        public bool Frozen
        {
            set => frozen = value;
        }

        public ReadOnlyMemory<byte> Nonce => inner.Nonce;

        public bool TrySend(ControlStreamRequest message) => frozen || inner.TrySend(message);

        public async Task<ControlStreamResponse?> ReceiveAsync(CancellationToken cancellationToken)
        {
            var message = await inner.ReceiveAsync(cancellationToken);
            while (frozen)
                await Task.Delay(10, cancellationToken);
            return message;
        }

        public Task CompleteAsync(CancellationToken cancellationToken) => frozen ? Task.CompletedTask : inner.CompleteAsync(cancellationToken);

        public ValueTask DisposeAsync()
        {
            owner.open.TryRemove(this, out _);
            return inner.DisposeAsync();
        }
    }
}
