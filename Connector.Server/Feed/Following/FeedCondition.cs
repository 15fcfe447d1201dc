using Connector.Protocol.Ids;

namespace Connector.Server.Feed.Following;

/// <summary>How an edge stands with its control plane.</summary>
/// <param name="Since">Of the state.</param>
/// <param name="HeardAt">When the control plane was heard last, by this run or an earlier one; null: never.</param>
/// <param name="Reason">Why it is not heard; empty while it is.</param>
/// <param name="Version">Of the state that the edge has; null while it has none.</param>
public sealed record FeedCondition(FeedConditionState State, DateTimeOffset Since, DateTimeOffset? HeardAt, string Reason, DesiredStateVersion? Version);
