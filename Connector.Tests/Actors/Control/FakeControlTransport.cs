using System.Collections.Concurrent;
using Connector.Actors.Control;

namespace Connector.Tests.Actors.Control;

/// <summary>Hands each attempt to the test, which decides what becomes of it.</summary>
internal sealed class FakeControlTransport : IControlTransport
{
    private readonly BlockingCollection<FakeAttempt> attempts = [];
    private int opened;

    public int Opened => Volatile.Read(ref opened);

    public Task<IControlConnection> OpenAsync(int attempt, CancellationToken cancellationToken)
    {
        var made = new FakeAttempt(attempt, cancellationToken);
        Interlocked.Increment(ref opened);
        attempts.Add(made);
        return made.Task;
    }

    public FakeAttempt Next()
        => attempts.TryTake(out var attempt, TimeSpan.FromSeconds(20)) ? attempt : throw new TimeoutException("the actor did not open a stream");
}
