using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Store;

/// <summary>The part of the store that control sessions need.</summary>
public interface IControlStore
{
    /// <summary>Whether a token whose signature and expiry are good is still in force.</summary>
    Task<TokenStanding> CheckTokenAsync(ConnectorId connectorId, string tokenId, CancellationToken cancellationToken);

    Task<SessionEpoch> ReadEpochAsync(ConnectorId connectorId, CancellationToken cancellationToken);

    /// <summary>Compare-and-set: raises the epoch from <paramref name="expected"/> by one, durably.</summary>
    /// <param name="claimer">The group system whose control session the new epoch stands for; null for a replica that runs alone.</param>
    /// <exception cref="StaleEpochException">The stored epoch is another one.</exception>
    /// <exception cref="RemovedFromGroupException">The claimer was removed from its group.</exception>
    Task<SessionEpoch> RaiseEpochAsync(ConnectorId connectorId, SessionEpoch expected, GroupBootId? claimer, CancellationToken cancellationToken);

    /// <summary><see cref="GroupRecord.None"/> while nothing was decided.</summary>
    Task<GroupRecord> ReadGroupAsync(ConnectorId connectorId, CancellationToken cancellationToken);

    /// <summary>
    /// Compare-and-set: <paramref name="decided"/> takes the place of the record of generation <paramref name="expected"/>, durably. When the present epoch
    /// stands for a group system that the decision removes, the epoch is raised in the same transaction, so that its writes are refused from then on.
    /// </summary>
    /// <exception cref="StaleGenerationException">The stored generation is another one; nothing was changed.</exception>
    Task<GroupCommit> DecideGroupAsync(ConnectorId connectorId, long expected, GroupRecord decided, CancellationToken cancellationToken);

    /// <summary>Notes who the members are now; nothing was decided by that. False: the record is of another generation by now.</summary>
    Task<bool> NoteGroupMembersAsync(
        ConnectorId connectorId, long generation, ImmutableArray<GroupRecordMember> members, CancellationToken cancellationToken);

    /// <summary>Null when the connector does not exist.</summary>
    Task<ConnectorDesiredState?> ReadDesiredStateAsync(ConnectorId connectorId, CancellationToken cancellationToken);

    /// <summary>Stores records; when it returns they are durable. Records keep their order.</summary>
    /// <param name="position">Where these records stand in their replica's log; a batch at or before the last stored position is there already and is not
    /// stored again. Null for records without one.</param>
    /// <exception cref="StaleEpochException">A newer control session exists.</exception>
    Task AppendLogsAsync(
        ConnectorId connectorId, SessionEpoch epoch, IReadOnlyList<LogRecord> records, LogPosition? position, CancellationToken cancellationToken);

    /// <summary>Notes that the connector was heard, and the metadata it uploaded (JSON object) if any.</summary>
    Task TouchAsync(ConnectorId connectorId, DateTimeOffset seenAt, string? metadataJson, CancellationToken cancellationToken);
}

public enum TokenStanding
{
    Valid,
    Revoked,
    UnknownToken,
    ConnectorDeleted,
}

/// <summary>A write carried an epoch or an expectation that is not the stored one.</summary>
public sealed class StaleEpochException(ConnectorId connectorId, SessionEpoch stored, SessionEpoch given)
    : Exception($"connector {connectorId}: epoch {given} is stale, the store has {stored}")
{
    public SessionEpoch Stored { get; } = stored;
}

/// <summary>Desired state of one connector as the store has it.</summary>
/// <param name="HeartbeatInterval">Whole seconds, above 0.</param>
public sealed record ConnectorDesiredState(
    DesiredStateVersion Version, string Name, string OrganizationId, string OrganizationName, TimeSpan HeartbeatInterval,
    ImmutableArray<DesiredItem> Sockets, ImmutableArray<DesiredItem> Plugins);

/// <summary>A socket or plugin as it goes over the control stream.</summary>
/// <param name="ConfigJson">The JSON object for the message's <c>config</c> Struct, keys sorted.</param>
public sealed record DesiredItem(string Id, string Name, string Type, string ConfigJson);

/// <param name="Severity">debug, info, warn or error.</param>
/// <param name="Message">One line; a JSON object or plain text.</param>
public sealed record LogRecord(DateTimeOffset At, string Severity, string Message, SocketId? SocketId, PluginId? PluginId, string Source);
