using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Streams;
using CsCheck;
using Xunit;

namespace Connector.Tests.Actors.Sockets;

[Trait("kind", Kinds.Pure)]
public sealed class SocketDecisionsTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Budget_allows_so_many_crashes_per_window()
    {
        var budget = new RestartBudget(2, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5));

        Assert.True(budget.TrySpend(Start));
        Assert.True(budget.TrySpend(Start.AddSeconds(1)));
        Assert.False(budget.TrySpend(Start.AddSeconds(59)));
        Assert.True(budget.TrySpend(Start.AddSeconds(60)));
        Assert.False(budget.TrySpend(Start.AddSeconds(60)));
    }

    [Fact]
    public void Budget_retries_wait_longer_each_time_up_to_the_bound()
    {
        var budget = new RestartBudget(1, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));

        Assert.Equal([5, 10, 20, 30, 30], Enumerable.Range(0, 5).Select(_ => budget.NextRetry().TotalSeconds));
    }

    [Fact]
    public void Budget_retries_start_over_after_a_long_life()
    {
        var budget = new RestartBudget(1, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));
        budget.NextRetry();
        budget.Started(Start);

        budget.TrySpend(Start.AddSeconds(30));

        Assert.Equal(5, budget.NextRetry().TotalSeconds);
    }

    [Fact]
    public void Admission_refills_with_time_and_never_beyond_a_second()
    {
        var admission = new SocketAdmission(new SocketLimits(100, 100, 2), Start);

        Assert.Null(admission.TryAdmit("db", Start));
        Assert.Null(admission.TryAdmit("db", Start));
        Assert.Equal(RefusalCode.Busy, admission.TryAdmit("db", Start)?.Code);
        Assert.Null(admission.TryAdmit("db", Start.AddSeconds(0.5)));
        Assert.Null(admission.TryAdmit("db", Start.AddHours(1)));
        Assert.Null(admission.TryAdmit("db", Start.AddHours(1)));
        Assert.NotNull(admission.TryAdmit("db", Start.AddHours(1)));
    }

    [Fact]
    public void Admission_survives_a_clock_that_goes_back()
    {
        var admission = new SocketAdmission(new SocketLimits(100, 100, 2), Start);
        admission.TryAdmit("db", Start);
        admission.TryAdmit("db", Start.AddHours(-1));

        Assert.Null(admission.TryAdmit("db", Start));
    }

    [Fact]
    public void Admission_never_exceeds_its_limits()
        => Gen.Int[0, 2].Array[0, 200].Sample(steps =>
        {
            var admission = new SocketAdmission(new SocketLimits(5, 3, 1000), Start);
            foreach (var step in steps)
            {
                if (step == 0)
                    admission.TryAdmit("db", Start);
                else if (step == 1 && admission.Dialling > 0)
                {
                    admission.DialEnded();
                    admission.StreamBegan();
                }
                else if (step == 2 && admission.Live > 0)
                    admission.StreamEnded();

                if (admission.Dialling > 3 || admission.Live + admission.Dialling > 5)
                    return false;
            }

            return true;
        });

    [Fact]
    public void Difference_leads_from_current_to_wanted()
    {
        var definitions = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 2], (id, config) => new SocketDefinition(new SocketId($"{id}"), $"n{id}", "tls", $"{config}"));
        Gen.Select(definitions.Array[0, 8], definitions.Array[0, 8]).Sample((from, to) =>
        {
            var current = Unique(from);
            var wanted = Unique(to);

            var difference = SocketDifference.Between(current, to);

            var result = new Dictionary<SocketId, SocketDefinition>(current);
            foreach (var id in difference.Removed)
                Assert.True(result.Remove(id));
            foreach (var changed in difference.Changed)
            {
                Assert.NotEqual(changed, result[changed.Id]);
                result[changed.Id] = changed;
            }

            foreach (var added in difference.Added)
                result.Add(added.Id, added);
            Assert.Equal(wanted.OrderBy(w => w.Key.Value), result.OrderBy(r => r.Key.Value));
        });
    }

    [Fact]
    public void Failure_records_are_limited_and_the_rest_counted()
    {
        var limit = new FailureLogLimit(2, TimeSpan.FromSeconds(10));

        Assert.True(limit.TryWrite(Start, out _));
        Assert.True(limit.TryWrite(Start, out _));
        Assert.False(limit.TryWrite(Start.AddSeconds(9), out _));
        Assert.True(limit.TryWrite(Start.AddSeconds(10), out var suppressed));
        Assert.Equal(1, suppressed);
        Assert.True(limit.TryWrite(Start.AddSeconds(10), out suppressed));
        Assert.Equal(0, suppressed);
    }

    [Theory]
    [InlineData(StreamEnd.LocalFailed, true)]
    [InlineData(StreamEnd.Failed, true)]
    [InlineData(StreamEnd.Completed, false)]
    [InlineData(StreamEnd.RemoteReset, false)]
    [InlineData(StreamEnd.Stopped, false)]
    [InlineData(StreamEnd.LinkLost, false)]
    public void Client_that_goes_away_is_no_failure(StreamEnd end, bool failure)
        => Assert.Equal(failure, SocketDecisions.IsFailure(new StreamOutcome(end, "", 0, 0)));

    private static Dictionary<SocketId, SocketDefinition> Unique(SocketDefinition[] definitions)
    {
        var unique = new Dictionary<SocketId, SocketDefinition>();
        foreach (var definition in definitions)
            unique[definition.Id] = definition;
        return unique;
    }
}
