using Connector.Actors.Reach;
using CsCheck;
using Xunit;

namespace Connector.Tests.Actors.Reach;

[Trait("kind", Kinds.Pure)]
public sealed class DialAttemptTests
{
    [Fact]
    public void Any_order_of_events_gives_one_owner_and_closes_once()
        => Gen.Int[0, 2].Array[1, 8].Sample(steps =>
        {
            var attempt = new DialAttempt<Counted>(1, CancellationToken.None);
            var made = new List<Counted>();
            var taken = new List<Counted>();
            foreach (var step in steps.Append(2))
            {
                switch (step)
                {
                    case 0:
                        made.Add(new Counted());
                        attempt.Deliver(made[^1]);
                        break;
                    case 1:
                        if (attempt.Take() is { } connection)
                            taken.Add(connection);
                        break;
                    default:
                        attempt.Dispose();
                        break;
                }
            }

            return made.TrueForAll(c => c.Closed == (taken.Contains(c) ? 0 : 1)) && taken.Count <= 1;
        });

    [Fact]
    public void Ending_cancels_the_dial()
    {
        var attempt = new DialAttempt<Counted>(1, CancellationToken.None);
        var token = attempt.Token;

        attempt.Dispose();

        Assert.True(token.IsCancellationRequested);
    }

    [Fact]
    public void Taking_from_a_dial_that_has_not_ended_cancels_it()
    {
        var attempt = new DialAttempt<Counted>(1, CancellationToken.None);
        var token = attempt.Token;

        Assert.Null(attempt.Take());

        Assert.True(token.IsCancellationRequested);
    }

    [Fact]
    public void Abandoning_cancels_the_dial()
    {
        using var abandoned = new CancellationTokenSource();
        using var attempt = new DialAttempt<Counted>(1, abandoned.Token);

        abandoned.Cancel();

        Assert.True(attempt.Token.IsCancellationRequested);
    }

    private sealed class Counted : IDisposable
    {
        public int Closed { get; private set; }

        public void Dispose() => Closed++;
    }
}
