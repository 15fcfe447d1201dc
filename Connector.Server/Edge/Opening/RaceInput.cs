namespace Connector.Server.Edge.Opening;

/// <summary>What can happen while a stream is being opened. Offers are numbered from 0 in the order they are made.</summary>
internal abstract record RaceInput
{
    private RaceInput()
    {
    }

    internal sealed record Start : RaceInput;

    /// <summary><see cref="RaceEffect.OfferToAnother"/> or <see cref="RaceEffect.OfferAgain"/> was carried out.</summary>
    internal sealed record Offered : RaceInput;

    /// <summary>... could not be carried out: no link takes the stream.</summary>
    internal sealed record NoLink : RaceInput;

    /// <summary>The time for ACCEPTED has passed since the latest offer.</summary>
    internal sealed record HedgeDue : RaceInput;

    internal sealed record PauseOver : RaceInput;

    internal sealed record Accepted(int Offer) : RaceInput;

    internal sealed record Opened(int Offer) : RaceInput;

    internal sealed record Ended(int Offer, OfferEnd End) : RaceInput;

    /// <summary>The deadline has passed or the client is gone.</summary>
    internal sealed record GivenUp : RaceInput;
}
