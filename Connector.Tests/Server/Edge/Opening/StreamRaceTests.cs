using Connector.Server.Edge.Opening;

namespace Connector.Tests.Server.Edge.Opening;

[Trait("kind", Kinds.Pure)]
public sealed class StreamRaceTests
{
    private static readonly OfferEnd[] Ends = Enum.GetValues<OfferEnd>();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_interleaving_ends_with_one_winner_or_one_failure(bool hedge)
    {
        var start = new StreamRace(hedge);
        var seen = new HashSet<StreamRace> { start };
        var open = new Queue<StreamRace>([start]);
        var inputs = 0;
        var ends = new HashSet<(bool Won, int Offers)>();
        while (open.TryDequeue(out var state))
        {
            foreach (var input in Possible(state))
            {
                inputs++;
                var effects = new List<RaceEffect>();
                var next = state.Next(input, effects);
                AssertSound(state, input, next, effects);
                if (next.IsDone)
                {
                    ends.Add((next.Chosen >= 0, next.Offers));
                }

                if (seen.Add(next))
                {
                    open.Enqueue(next);
                }
            }
        }

        Assert.InRange(seen.Count, 50, 100_000);
        Assert.True(inputs > 1000, $"only {inputs} steps were looked at");
        Assert.Equal([(false, 0), (false, 1), (false, 2), (false, 3), (true, 1), (true, 2), (true, 3)], ends.Order());
    }

    [Fact]
    public void Silent_first_is_hedged_and_the_first_to_accept_wins()
    {
        var (race, said) = Play(true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.HedgeDue(), new RaceInput.Offered());
        Assert.Equal(
            [new RaceEffect.OfferToAnother(), new RaceEffect.StartHedgeClock(), new RaceEffect.OfferToAnother(), new RaceEffect.StartHedgeClock()], said);
        Assert.Equal(2, race.Live);
        (race, said) = Play(race, new RaceInput.Accepted(1));
        Assert.Equal([new RaceEffect.Reset(0)], said);
        (race, said) = Play(race, new RaceInput.Opened(0), new RaceInput.Accepted(0), new RaceInput.Ended(0, OfferEnd.Final));
        Assert.Empty(said);
        (race, said) = Play(race, new RaceInput.Opened(1));
        Assert.Equal([new RaceEffect.Win(1)], said);
        Assert.True(race.IsDone);
    }

    [Fact]
    public void Accepted_stream_is_not_hedged_however_slow_its_upstream()
    {
        var (_, said) = Play(true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.Accepted(0), new RaceInput.HedgeDue(), new RaceInput.HedgeDue());
        Assert.Equal([new RaceEffect.OfferToAnother(), new RaceEffect.StartHedgeClock()], said);
    }

    [Fact]
    public void Without_hedging_no_clock_runs_but_a_lost_link_is_made_good()
    {
        var (_, said) = Play(
            false, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.HedgeDue(), new RaceInput.Ended(0, OfferEnd.Lost), new RaceInput.Offered());
        Assert.Equal([new RaceEffect.OfferToAnother(), new RaceEffect.OfferToAnother()], said);
    }

    [Theory]
    [InlineData(OfferEnd.Lost)]
    [InlineData(OfferEnd.Stale)]
    [InlineData(OfferEnd.Draining)]
    [InlineData(OfferEnd.Busy)]
    internal void Offer_that_ends_before_anything_was_dialled_goes_to_another_link_at_once(OfferEnd end)
    {
        var (_, said) = Play(true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.Ended(0, end));
        Assert.Equal(new RaceEffect.OfferToAnother(), said[^1]);
    }

    [Fact]
    public void Upstream_that_a_replica_does_not_reach_is_tried_by_one_other_and_not_by_all()
    {
        var (race, said) = Play(true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.Accepted(0), new RaceInput.Ended(0, OfferEnd.Upstream));
        Assert.Equal(new RaceEffect.OfferToAnother(), said[^1]);
        (race, said) = Play(race, new RaceInput.Offered(), new RaceInput.Accepted(1), new RaceInput.Ended(1, OfferEnd.Upstream));
        Assert.Equal(new RaceEffect.Fail(), said[^1]);
        Assert.True(race.IsDone);

        // Alone it is final at once.
        (_, said) = Play(true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.Ended(0, OfferEnd.Upstream), new RaceInput.NoLink());
        Assert.Equal(new RaceEffect.Fail(), said[^1]);
    }

    [Fact]
    public void Final_refusal_ends_the_race_also_with_another_offer_open()
    {
        var (_, said) = Play(
            true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.HedgeDue(), new RaceInput.Offered(), new RaceInput.Ended(1, OfferEnd.Final));
        Assert.Equal([new RaceEffect.Reset(0), new RaceEffect.Fail()], said[^2..]);
    }

    [Fact]
    public void Stale_without_another_link_is_asked_once_more_after_a_pause()
    {
        var (race, said) = Play(true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.Ended(0, OfferEnd.Stale), new RaceInput.NoLink());
        Assert.Equal(new RaceEffect.Pause(), said[^1]);
        foreach (var (asked, after) in ((int, RaceEffect)[])[(0, new RaceEffect.Pause()), (1, new RaceEffect.Fail())])
        {
            (race, said) = Play(race, new RaceInput.PauseOver(), new RaceInput.NoLink());
            Assert.Equal([new RaceEffect.OfferToAnother(), new RaceEffect.OfferAgain(asked)], said);
            (race, said) = Play(race, new RaceInput.Offered(), new RaceInput.Ended(asked + 1, OfferEnd.Stale));
            Assert.Equal(after, said[^1]);
        }

        Assert.Equal(StreamRace.MostOffers, race.Offers);
    }

    [Fact]
    public void Last_offer_after_two_stale_ones_waits_for_a_pause_and_goes_to_a_third_link()
    {
        var (race, said) = Play(
            true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.Ended(0, OfferEnd.Stale), new RaceInput.Offered(), new RaceInput.Ended(1, OfferEnd.Stale));
        Assert.Equal(new RaceEffect.Pause(), said[^1]);
        (_, said) = Play(race, new RaceInput.PauseOver());
        Assert.Equal([new RaceEffect.OfferToAnother()], said);
    }

    [Fact]
    public void Stale_one_that_is_gone_after_the_pause_is_the_end()
    {
        var (race, said) = Play(
            true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.Ended(0, OfferEnd.Stale), new RaceInput.NoLink(), new RaceInput.PauseOver(), new RaceInput.NoLink(), new RaceInput.NoLink());
        Assert.Equal(new RaceEffect.Fail(), said[^1]);
        Assert.True(race.IsDone);
    }

    [Fact]
    public void Draining_without_another_link_fails_at_once()
    {
        var (race, said) = Play(true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.Ended(0, OfferEnd.Draining), new RaceInput.NoLink());
        Assert.Equal(new RaceEffect.Fail(), said[^1]);
        Assert.True(race.IsDone);
    }

    [Fact]
    public void Busy_is_tried_elsewhere_once()
    {
        var (race, said) = Play(
            true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.Ended(0, OfferEnd.Busy), new RaceInput.Offered(), new RaceInput.Ended(1, OfferEnd.Busy));
        Assert.Equal(new RaceEffect.Fail(), said[^1]);
        Assert.Equal(2, race.Offers);
    }

    [Fact]
    public void Third_is_asked_when_one_of_two_silent_ones_is_lost()
    {
        var (race, said) = Play(
            true,
            new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.HedgeDue(), new RaceInput.Offered(), new RaceInput.HedgeDue(), new RaceInput.Ended(0, OfferEnd.Lost));
        Assert.Equal(new RaceEffect.OfferToAnother(), said[^1]);
        (race, said) = Play(race, new RaceInput.Offered(), new RaceInput.HedgeDue(), new RaceInput.Ended(1, OfferEnd.Lost));
        Assert.Empty(said);
        Assert.Equal((3, 1), (race.Offers, race.Live));
    }

    [Fact]
    public void Hedge_without_another_link_looks_again_later()
    {
        var (race, said) = Play(true, new RaceInput.Start(), new RaceInput.Offered(), new RaceInput.HedgeDue(), new RaceInput.NoLink());
        Assert.Equal(new RaceEffect.StartHedgeClock(), said[^1]);
        (_, said) = Play(race, new RaceInput.HedgeDue());
        Assert.Equal([new RaceEffect.OfferToAnother()], said);
    }

    private static void AssertSound(StreamRace before, RaceInput input, StreamRace after, List<RaceEffect> effects)
    {
        var what = $"{before} -- {input} --> {after} with {string.Join(", ", effects)}";
        Assert.True(after.Live <= StreamRace.MostAtOnce, what);
        Assert.True(after.Offers <= StreamRace.MostOffers, what);
        var states = Enumerable.Range(0, StreamRace.MostOffers).Select(offer => after[offer]).ToArray();
        Assert.True(states.Count(state => state is OfferState.Accepted or OfferState.Won) <= 1, what);
        Assert.True(!states.Contains(OfferState.Accepted) || after.Live == 1, what);

        // Exactly the offers that stop being live without having ended are reset.
        var taken = Enumerable.Range(0, StreamRace.MostOffers).Where(offer => before[offer] != OfferState.Reset && after[offer] == OfferState.Reset);
        Assert.True(taken.SequenceEqual(effects.OfType<RaceEffect.Reset>().Select(reset => reset.Offer).Order()), what);

        // What has ended or was taken back does not come to life again.
        for (var offer = 0; offer < StreamRace.MostOffers; offer++)
        {
            Assert.True(before[offer] is not (OfferState.Over or OfferState.Reset or OfferState.Won) || after[offer] == before[offer], what);
        }

        var last = effects.Where(effect => effect is RaceEffect.Win or RaceEffect.Fail).ToArray();
        Assert.True(last.Length == (after.IsDone && !before.IsDone ? 1 : 0), what);
        if (after.IsDone)
        {
            Assert.True(after.Live == 0, what);
            Assert.True(before.IsDone || last[0] is RaceEffect.Fail == after.Chosen < 0, what);
            Assert.True(last is not [RaceEffect.Win win] || after[win.Offer] == OfferState.Won, what);
        }
        else
        {
            // Something is always under way: an answer, an offer or a clock.
            var asked = effects.Any(effect => effect is RaceEffect.OfferToAnother or RaceEffect.OfferAgain or RaceEffect.Pause);
            Assert.True(after.Live > 0 || asked || Equals(before, after), what);
        }
    }

    /// <summary>All that a world which keeps its word can do next, late words of offers that were taken back included.</summary>
    private static IEnumerable<RaceInput> Possible(StreamRace state)
    {
        if (state == new StreamRace(true) || state == new StreamRace(false))
        {
            return [new RaceInput.Start()];
        }

        if (state.IsOffering)
        {
            return [new RaceInput.Offered(), new RaceInput.NoLink()];
        }

        var all = new List<RaceInput> { new RaceInput.HedgeDue(), new RaceInput.PauseOver(), new RaceInput.GivenUp() };
        for (var offer = 0; offer < state.Offers; offer++)
        {
            all.Add(new RaceInput.Accepted(offer));
            all.Add(new RaceInput.Opened(offer));
            all.AddRange(Ends.Select(end => new RaceInput.Ended(offer, end)));
        }

        return all;
    }

    private static (StreamRace Race, List<RaceEffect> Said) Play(bool hedge, params RaceInput[] inputs) => Play(new StreamRace(hedge), inputs);

    private static (StreamRace Race, List<RaceEffect> Said) Play(StreamRace race, params RaceInput[] inputs)
    {
        var said = new List<RaceEffect>();
        foreach (var input in inputs)
        {
            race = race.Next(input, said);
        }

        return (race, said);
    }
}
