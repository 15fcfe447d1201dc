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
        var share = new ProbeBudget(perSecond, 1_000, time).Share();
        for (var taken = 0; taken < 2_000; taken++)
        {
            var taking = share.TakeAsync(Cancellation).AsTask();
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
        var share = new ProbeBudget(200, 1_000, time).Share();
        time.Advance(TimeSpan.FromHours(1));
        var taken = 0;
        while (taken < 1_000 && share.TakeAsync(Cancellation).AsTask().IsCompletedSuccessfully)
        {
            taken++;
        }

        Assert.Equal(4, taken);
    }

    [Fact]
    public async Task Who_waits_can_be_cancelled()
    {
        var share = new ProbeBudget(1, 1, new FakeTimeProvider()).Share();
        await share.TakeAsync(Cancellation);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var waiting = share.TakeAsync(cancelled.Token).AsTask();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Who_wants_little_does_not_wait_for_all_that_another_wants()
    {
        var time = new FakeTimeProvider();
        var budget = new ProbeBudget(10, 1_000, time);
        var (greedy, modest) = (budget.Share(), budget.Share());
        var many = Enumerable.Range(0, 100).Select(_ => greedy.TakeAsync(Cancellation).AsTask()).ToList();
        var givenAtTurn = GivenAfterAsync(modest.TakeAsync(Cancellation), budget);

        var all = Task.WhenAll(many);
        while (!all.IsCompleted || !givenAtTurn.IsCompleted)
        {
            // One at a time: each is taken before the next can be.
            var given = budget.Given;
            while (budget.Given == given && !(all.IsCompleted && givenAtTurn.IsCompleted))
            {
                time.Advance(TimeSpan.FromMilliseconds(10));
                await Task.Yield();
            }
        }

        // Far below the hundred of the other: who is given its turn may be held up before it looks.
        Assert.InRange(await givenAtTurn, 2, 90);
    }

    private static async Task<long> GivenAfterAsync(ValueTask taking, ProbeBudget budget)
    {
        await taking;
        return budget.Given;
    }
}
