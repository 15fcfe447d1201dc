namespace Connector.Actors.Reach;

/// <summary>
/// Holds what a dial brings until its actor takes it. Whatever order dial, actor and cancellation come in, the connection has one owner and is
/// closed exactly once: a message that carried it could be lost with the actor's mailbox. Thread-safe.
/// </summary>
internal sealed class DialAttempt<T> : IDisposable
    where T : class, IDisposable
{
    private readonly CancellationTokenSource cancellation;
    private readonly Lock gate = new();
    private T? held;
    private bool over;

    public DialAttempt(long number, CancellationToken abandoned)
    {
        Number = number;
        cancellation = CancellationTokenSource.CreateLinkedTokenSource(abandoned);

        // Kept apart: the token stays readable after the source is disposed.
        Token = cancellation.Token;
    }

    public long Number { get; }

    /// <summary>Cancelled when the attempt is ended or abandoned.</summary>
    public CancellationToken Token { get; }

    /// <summary>From the dial, at most once. Closes the connection at once when nobody waits for it any more.</summary>
    public void Deliver(T connection)
    {
        lock (gate)
        {
            if (!over && held is null)
            {
                held = connection;
                return;
            }
        }

        connection.Dispose();
    }

    /// <summary>From the actor: becomes the owner of the connection. Null when there is none, or the attempt has ended; then the dial is stopped.</summary>
    public T? Take()
    {
        lock (gate)
        {
            if (held is { } taken)
            {
                held = null;
                over = true;
                cancellation.Dispose();
                return taken;
            }
        }

        Dispose();
        return null;
    }

    /// <summary>Ends the attempt: stops the dial and closes what it brought or will bring.</summary>
    public void Dispose()
    {
        T? unused;
        lock (gate)
        {
            if (over)
                return;
            unused = held;
            held = null;
            over = true;
        }

        cancellation.Cancel();
        cancellation.Dispose();
        unused?.Dispose();
    }
}
