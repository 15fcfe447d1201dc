namespace Connector.Server.Edge.Links;

/// <summary>What becomes of a lane: exactly one of the cases.</summary>
internal abstract record LaneVerdict
{
    private LaneVerdict()
    {
    }

    /// <summary>It belongs to the link with its key.</summary>
    internal sealed record Join : LaneVerdict
    {
        public static readonly Join Instance = new();
    }

    /// <summary>It makes a new link.</summary>
    /// <param name="Superseded">Old links of the same replica that end now.</param>
    internal sealed record Create(IReadOnlyList<LinkKey> Superseded) : LaneVerdict;

    internal sealed record Refuse(LaneRefusal Refusal) : LaneVerdict;
}
