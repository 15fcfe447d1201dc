namespace Connector.Server.Edge.Tunnel;

/// <summary>A token that ends with another one or after a time.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource timed;
    private readonly CancellationTokenSource linked;

    public Deadline(TimeSpan after, TimeProvider time, CancellationToken cancellationToken)
    {
        timed = new CancellationTokenSource(after, time);
        linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timed.Token);
    }

    public CancellationToken Token => linked.Token;

    public void Dispose()
    {
        linked.Dispose();
        timed.Dispose();
    }
}
