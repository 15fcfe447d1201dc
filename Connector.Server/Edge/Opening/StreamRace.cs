namespace Connector.Server.Edge.Opening;

/// <summary>
/// The decisions of opening one stream (rule 10 of the relay protocol): to how many links it is offered, when, and which one gets the client.
/// Pure: a state and an input give the next state and what is to be done. There is exactly one winner or one failure, and every other offer has
/// ended or was taken back by then.
/// </summary>
internal readonly record struct StreamRace
{
    public const int MostOffers = 3;
    public const int MostAtOnce = 2;

    private readonly bool hedge;

    /// <param name="hedge">Whether a second link may be asked only because the first is slow to accept.</param>
    public StreamRace(bool hedge) => this.hedge = hedge;

    private enum Phase : byte
    {
        Idle,

        /// <summary>An offer was asked for; its answer is the next input.</summary>
        Offering,
        Waiting,
        Pausing,
        Done,
    }

    /// <summary>Whoever slept is awake a moment later: after a pause another link is asked, and one that had slept when there is no other.</summary>
    private enum Again : byte
    {
        No,
        Paused,
        Asked,
    }

    public int Offers { get; private init; }

    public bool IsDone => Step == Phase.Done;

    /// <summary>The next input must say whether the offer that was asked for could be made.</summary>
    public bool IsOffering => Step == Phase.Offering;

    /// <summary>Offers that a replica may still take.</summary>
    public int Live => Count(First) + Count(Second) + Count(Third);

    /// <summary>The offer that was accepted, or -1.</summary>
    public int Chosen => IsChosen(First) ? 0 : IsChosen(Second) ? 1 : IsChosen(Third) ? 2 : -1;

    public OfferState this[int offer] => offer switch { 0 => First, 1 => Second, 2 => Third, _ => OfferState.None };

    private OfferState First { get; init; }

    private OfferState Second { get; init; }

    private OfferState Third { get; init; }

    private Phase Step { get; init; }

    /// <summary>The latest offer had its time, but no more could be made then.</summary>
    private bool Overdue { get; init; }

    /// <summary>The offer, by number from 1, whose replica had slept; 0: none.</summary>
    private int Stale { get; init; }

    /// <summary>How far asking again has come since the latest offer.</summary>
    private Again Asking { get; init; }

    private bool BusyRetried { get; init; }

    /// <summary>Some replica did not get to the upstream. One more is asked then, and not all of them: the upstream itself may be down.</summary>
    private bool UpstreamRetried { get; init; }

    /// <param name="effects">What is to be done, in this order.</param>
    public StreamRace Next(RaceInput input, ICollection<RaceEffect> effects)
    {
        if (IsDone)
        {
            return this;
        }

        switch (input)
        {
            case RaceInput.Start:
                return Offer(effects);
            case RaceInput.Offered:
                return OnOffered(effects);
            case RaceInput.NoLink:
                return OnNoLink(effects);
            case RaceInput.HedgeDue:
                return OnHedgeDue(effects);
            case RaceInput.PauseOver when Step == Phase.Pausing:
                return Offer(effects) with { Asking = Again.Paused };
            case RaceInput.Accepted accepted when this[accepted.Offer] == OfferState.Waiting:
                return TakeBack(accepted.Offer, effects).Mark(accepted.Offer, OfferState.Accepted);
            case RaceInput.Opened opened when IsLive(opened.Offer):
                var won = TakeBack(opened.Offer, effects).Mark(opened.Offer, OfferState.Won) with { Step = Phase.Done };
                effects.Add(new RaceEffect.Win(opened.Offer));
                return won;
            case RaceInput.Ended ended when IsLive(ended.Offer):
                return OnEnded(ended.Offer, ended.End, effects);
            case RaceInput.GivenUp:
                return Fail(effects);
            default:
                // Of an offer that does not count any more, or a clock that was overtaken.
                return this;
        }
    }

    private static int Count(OfferState offer) => offer is OfferState.Waiting or OfferState.Accepted ? 1 : 0;

    private static bool IsChosen(OfferState offer) => offer is OfferState.Accepted or OfferState.Won;

    private StreamRace Mark(int offer, OfferState state) => offer switch
    {
        0 => this with { First = state },
        1 => this with { Second = state },
        2 => this with { Third = state },
        _ => throw new ArgumentOutOfRangeException(nameof(offer), offer, $"a stream is offered {MostOffers} times at most"),
    };

    private bool IsLive(int offer) => Count(this[offer]) == 1;

    private bool MayHedge => hedge && Chosen < 0 && Offers < MostOffers;

    private StreamRace OnOffered(ICollection<RaceEffect> effects)
    {
        var next = Mark(Offers, OfferState.Waiting) with { Offers = Offers + 1, Step = Phase.Waiting, Overdue = false, Asking = Again.No };
        if (next.MayHedge)
        {
            effects.Add(new RaceEffect.StartHedgeClock());
        }

        return next;
    }

    private StreamRace OnNoLink(ICollection<RaceEffect> effects)
    {
        if (Live > 0)
        {
            // A link may come while this one is silent.
            effects.Add(new RaceEffect.StartHedgeClock());
            return this with { Step = Phase.Waiting, Overdue = false };
        }

        if (Stale == 0 || Asking == Again.Asked)
        {
            return Fail(effects);
        }

        if (Asking == Again.No)
        {
            return Pause(effects);
        }

        effects.Add(new RaceEffect.OfferAgain(Stale - 1));
        return this with { Step = Phase.Offering, Asking = Again.Asked };
    }

    private StreamRace OnHedgeDue(ICollection<RaceEffect> effects)
        => Step != Phase.Waiting || !MayHedge ? this
            : Live < MostAtOnce ? Offer(effects)
            : this with { Overdue = true };

    private StreamRace OnEnded(int offer, OfferEnd end, ICollection<RaceEffect> effects)
    {
        var next = Mark(offer, OfferState.Over) with
        {
            Stale = end == OfferEnd.Stale ? offer + 1 : Stale,
            BusyRetried = BusyRetried || end == OfferEnd.Busy,
            UpstreamRetried = UpstreamRetried || end == OfferEnd.Upstream,
        };
        if (end == OfferEnd.Final)
        {
            return next.Fail(effects);
        }

        if (next.Live > 0)
        {
            return next.Overdue && next.MayHedge ? next.Offer(effects) : next;
        }

        var retried = (end == OfferEnd.Busy && BusyRetried) || (end == OfferEnd.Upstream && UpstreamRetried);
        if (next.Offers == MostOffers || retried)
        {
            return next.Fail(effects);
        }

        // Replicas of one machine sleep together: the last offer is not wasted on the next one while they wake.
        return end == OfferEnd.Stale && next.Offers == MostOffers - 1 ? next.Pause(effects) : next.Offer(effects);
    }

    private StreamRace Pause(ICollection<RaceEffect> effects)
    {
        effects.Add(new RaceEffect.Pause());
        return this with { Step = Phase.Pausing };
    }

    private StreamRace Offer(ICollection<RaceEffect> effects)
    {
        effects.Add(new RaceEffect.OfferToAnother());
        return this with { Step = Phase.Offering };
    }

    private StreamRace Fail(ICollection<RaceEffect> effects)
    {
        var next = TakeBack(-1, effects) with { Step = Phase.Done };
        effects.Add(new RaceEffect.Fail());
        return next;
    }

    private StreamRace TakeBack(int except, ICollection<RaceEffect> effects)
    {
        var next = this;
        for (var offer = 0; offer < Offers; offer++)
        {
            if (offer != except && IsLive(offer))
            {
                effects.Add(new RaceEffect.Reset(offer));
                next = next.Mark(offer, OfferState.Reset);
            }
        }

        return next;
    }
}
