using Connector.Plugins.Network;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Plugins.Network;

[Trait("kind", Kinds.Pure)]
public sealed class ProbeBudgetTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_more_are_given_than_so_many_a_second()
    {
        const int perSecond = 200;
        var time = new FakeTimeProvider();
        var began = time.GetTimestamp();
        var budget = new ProbeBudget(perSecond, 1_000, time);
        for (var taken = 0; taken < 2_000; taken++)
        {
            var taking = budget.TakeAsync(Cancellation).AsTask();
            while (!taking.IsCompleted)
            {
                time.Advance(TimeSpan.FromMilliseconds(1));
                await Task.Yield();
            }

            await taking;
            Assert.True(taken <= 4 + (time.GetElapsedTime(began).TotalSeconds * perSecond), $"{taken} after {time.GetElapsedTime(began)}");
        }
    }

    [Fact]
    public void Who_has_waited_long_may_not_take_all_at_once()
    {
        var time = new FakeTimeProvider();
        var budget = new ProbeBudget(200, 1_000, time);
        time.Advance(TimeSpan.FromHours(1));
        var taken = 0;
        while (taken < 1_000 && budget.TakeAsync(Cancellation).AsTask().IsCompletedSuccessfully)
        {
            taken++;
        }

        Assert.Equal(4, taken);
    }

    [Fact]
    public async Task Who_waits_can_be_cancelled()
    {
        var budget = new ProbeBudget(1, 1, new FakeTimeProvider());
        await budget.TakeAsync(Cancellation);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var waiting = budget.TakeAsync(cancelled.Token).AsTask();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
