namespace Connector.Plugins;

/// <summary>A cancellation that also comes by itself. Tells the two apart, because the one is a failure of the source and the other is none.</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly CancellationTokenSource elapsed;
    private readonly CancellationTokenSource either;
    private readonly CancellationToken outer;

    public TimeLimit(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        outer = cancellationToken;
        elapsed = new CancellationTokenSource(limit, time);
        either = CancellationTokenSource.CreateLinkedTokenSource(elapsed.Token, cancellationToken);
    }

    public CancellationToken Token => either.Token;

    public bool IsExceeded => elapsed.IsCancellationRequested && !outer.IsCancellationRequested;

    public void Dispose()
    {
        either.Dispose();
        elapsed.Dispose();
    }
}
