namespace Connector.Server.Edge.Opening;

/// <summary>What is to be done for a stream that is being opened.</summary>
internal abstract record RaceEffect
{
    private RaceEffect()
    {
    }

    /// <summary>Offer the stream to a link that it was not offered to yet. Answered at once by Offered or NoLink.</summary>
    internal sealed record OfferToAnother : RaceEffect;

    /// <summary>Offer it once more to the link of this offer. Answered at once by Offered or NoLink.</summary>
    internal sealed record OfferAgain(int Offer) : RaceEffect;

    /// <summary>Take the offer back, also when it has been opened meanwhile.</summary>
    internal sealed record Reset(int Offer) : RaceEffect;

    /// <summary>(Re)start the clock that ends in HedgeDue.</summary>
    internal sealed record StartHedgeClock : RaceEffect;

    /// <summary>Start the clock that ends in PauseOver.</summary>
    internal sealed record Pause : RaceEffect;

    /// <summary>The client belongs to this offer's stream. Nothing follows.</summary>
    internal sealed record Win(int Offer) : RaceEffect;

    /// <summary>The client is refused. Nothing follows.</summary>
    internal sealed record Fail : RaceEffect;
}
