using System.Runtime.CompilerServices;

namespace Connector.Plugins.Network;

/// <summary>What one target has of the budget: of those who want something at a time, each gets as much.</summary>
internal sealed class ProbeShare(ProbeBudget budget)
{
    private readonly SemaphoreSlim first = new(1, 1);

    /// <summary>Returns when one more connection may be tried by whoever has a slot.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask TakeAsync(CancellationToken cancellationToken)
    {
        await first.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await budget.TakeAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            first.Release();
        }
    }

    /// <summary>Returns when one more address and port may be tried, and <see cref="ReturnSlot"/> is owed. Nothing is held while it waits. One call at a time.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask TakeWithSlotAsync(CancellationToken cancellationToken)
    {
        await TakeAsync(cancellationToken).ConfigureAwait(false);
        await budget.TakeSlotAsync(cancellationToken).ConfigureAwait(false);
    }

    public void ReturnSlot() => budget.ReturnSlot();
}
