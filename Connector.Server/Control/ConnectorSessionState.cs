using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>
/// Who holds and who wants the control session of one connector. At most one claim is decided at a time: it is either challenging the live session or
/// having its epoch committed; others wait.
/// </summary>
internal sealed record ConnectorSessionState
{
    public static readonly ConnectorSessionState Empty = new();

    /// <summary>The last epoch that is known to be committed; null until read.</summary>
    public SessionEpoch? Epoch { get; init; }

    public LiveSession? Live { get; init; }

    /// <summary>Claims whose token the store is asked about.</summary>
    public ImmutableList<Claim> Checking { get; init; } = [];

    /// <summary>Claims that wait for the one that is being decided.</summary>
    public ImmutableList<Claim> Waiting { get; init; } = [];

    /// <summary>The claim that challenges the live session now. Never together with <see cref="Committing"/>.</summary>
    public Claim? Challenger { get; init; }

    /// <summary>The claim whose epoch is being committed now. Meanwhile nobody is live.</summary>
    public Claim? Committing { get; init; }

    /// <summary>An epoch is being raised. Stays set when the claim has gone meanwhile: the result says which epoch is stored.</summary>
    public bool Raising { get; init; }

    /// <summary>Tags challenges and commits; results of older attempts are dropped.</summary>
    public long Attempt { get; init; }

    /// <summary>Counts refusals, to spread the slots in which refused peers come back.</summary>
    public int Refusals { get; init; }

    /// <summary>Claimers whose refusal is in the connector's log already; forgotten when the session changes.</summary>
    public ImmutableHashSet<string> ReportedClaimers { get; init; } = [];

    /// <summary>Group systems that were removed from their group: their claims are refused.</summary>
    public ImmutableHashSet<GroupBootId> Removed { get; init; } = [];

    public int PendingClaims => Checking.Count + Waiting.Count + (Challenger is null ? 0 : 1) + (Committing is null ? 0 : 1);

    public bool IsIdle => Live is null && PendingClaims == 0 && !Raising;
}
