using System.Collections.Immutable;
using System.Text.Json;
using Connector.Protocol.Ids;
using Connector.Protocol.Json;
using Connector.Protocol.Sockets;
using Connector.Server.Store.Database;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Store;

/// <summary>The part of the store that control sessions use.</summary>
internal sealed class ControlStore(ControlDatabase database, ConnectorLogs logs, ControlPlaneOptions options) : IControlStore
{
    /// <summary>Larger metadata is not stored: it is a peer's text, and it comes back with every GET of the connector.</summary>
    private const int MaxMetadataLength = 64 * 1024;

    public Task<TokenStanding> CheckTokenAsync(ConnectorId connectorId, string tokenId, CancellationToken cancellationToken)
        => database.ReadAsync(
            $"checking a token of connector {connectorId}",
            db =>
            {
                var token = db.ConnectorTokens.FirstOrDefault(row => row.Id == tokenId && row.ConnectorId == connectorId.Value);
                return token switch
                {
                    { Revoked: true } => TokenStanding.Revoked,
                    not null => TokenStanding.Valid,
                    null when db.Connectors.Any(row => row.Id == connectorId.Value) => TokenStanding.UnknownToken,
                    null => TokenStanding.ConnectorDeleted,
                };
            },
            cancellationToken);

    public Task<SessionEpoch> ReadEpochAsync(ConnectorId connectorId, CancellationToken cancellationToken)
        => database.ReadAsync($"reading the epoch of connector {connectorId}", db => Epoch(db, connectorId), cancellationToken);

    public Task<SessionEpoch> RaiseEpochAsync(
        ConnectorId connectorId, SessionEpoch expected, GroupBootId? claimer, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"raising the epoch of connector {connectorId}",
            db =>
            {
                if (claimer is { } member && GroupRecords.Read(db, connectorId) is var group && group.IsRemoved(member))
                {
                    throw new RemovedFromGroupException(connectorId, member, group);
                }

                var holder = claimer?.ToString();
                var raised = db.Epochs.Where(row => row.ConnectorId == connectorId.Value && row.Epoch == expected.Value)
                    .ExecuteUpdate(set => set.SetProperty(row => row.Epoch, row => row.Epoch + 1).SetProperty(row => row.GroupBootId, holder));
                if (raised == 1)
                {
                    return new SessionEpoch(expected.Value + 1);
                }

                var stored = Epoch(db, connectorId);
                throw stored == expected
                    ? new ControlStoreException($"raising the epoch of connector {connectorId}: the connector does not exist (any more)")
                    : new StaleEpochException(connectorId, stored, expected);
            },
            cancellationToken);

    public Task<GroupRecord> ReadGroupAsync(ConnectorId connectorId, CancellationToken cancellationToken)
        => database.ReadAsync($"reading the group of connector {connectorId}", db => GroupRecords.Read(db, connectorId), cancellationToken);

    public Task<GroupCommit> DecideGroupAsync(ConnectorId connectorId, long expected, GroupRecord decided, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"deciding about the group of connector {connectorId}",
            db =>
            {
                GroupRecords.Replace(db, connectorId, expected, decided);
                var fenced = GroupRecords.Fence(db, connectorId, decided.Removed);
                return new GroupCommit(Epoch(db, connectorId), fenced);
            },
            cancellationToken);

    public Task<bool> NoteGroupMembersAsync(
        ConnectorId connectorId, long generation, ImmutableArray<GroupRecordMember> members, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"noting the members of the group of connector {connectorId}",
            db => GroupRecords.Note(db, connectorId, generation, members),
            cancellationToken);

    public Task<ConnectorDesiredState?> ReadDesiredStateAsync(ConnectorId connectorId, CancellationToken cancellationToken)
        => database.ReadAsync(
            $"reading the desired state of connector {connectorId}",
            db =>
            {
                var connector = db.Connectors.FirstOrDefault(row => row.Id == connectorId.Value);
                if (connector is null)
                {
                    return null;
                }

                var sockets = db.Sockets.Where(socket => socket.Connectors.Any(link => link.ConnectorId == connectorId.Value))
                    .OrderBy(socket => socket.CreatedAt).ThenBy(socket => socket.Id).ToList();
                var plugins = db.Plugins.Where(plugin => plugin.ConnectorId == connectorId.Value && plugin.Enabled)
                    .OrderBy(plugin => plugin.CreatedAt).ThenBy(plugin => plugin.Id).ToList();
                return new ConnectorDesiredState(
                    new DesiredStateVersion(database.Incarnation, connector.DesiredVersion),
                    connector.Name,
                    database.OrganizationId,
                    database.OrganizationName,
                    options.HeartbeatInterval,
                    [.. sockets.Select(socket => new DesiredItem(socket.Id, socket.Name, socket.Type, SocketConfig(socket)))],
                    [.. plugins.Select(plugin => new DesiredItem(plugin.Id, plugin.Name, plugin.Type, plugin.Configuration))]);
            },
            cancellationToken);

    public Task AppendLogsAsync(
        ConnectorId connectorId, SessionEpoch epoch, IReadOnlyList<LogRecord> records, LogPosition? position, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"storing log records of connector {connectorId}",
            db =>
            {
                RequireEpoch(db, connectorId, epoch);

                // In one transaction: either both are there, or neither.
                if (position is null || LogSequences.Advance(db, connectorId.Value, position, database.Now))
                {
                    logs.Append(db, connectorId.Value, records);
                }
            },
            cancellationToken);

    public Task TouchAsync(ConnectorId connectorId, DateTimeOffset seenAt, string? metadataJson, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"noting that connector {connectorId} was heard",
            db =>
            {
                var connector = db.Connectors.FirstOrDefault(row => row.Id == connectorId.Value);
                if (connector is null)
                {
                    return;
                }

                // Never backwards: two sessions may cross during a takeover.
                connector.LastSeenAt = Math.Max(connector.LastSeenAt ?? 0, seenAt.ToUnixTimeMilliseconds());
                connector.Metadata = Acceptable(metadataJson) ? metadataJson : connector.Metadata;
                db.SaveChanges();
            },
            cancellationToken);

    /// <summary>Keys as in SocketConfig.config; sorted. Options that are the default are left out: the public client does not know them.</summary>
    internal static string SocketConfig(SocketRow socket)
    {
        using var upstream = JsonDocument.Parse(socket.UpstreamConfiguration);
        return CanonicalJson.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("connector_authentication_enabled", socket.ConnectorAuthenticationEnabled);
            writer.WriteBoolean("end_to_end_encryption_enabled", socket.EndToEndEncryptionEnabled);
            WriteOption(writer, SocketOptionRules.LimitsKey, socket.Limits);
            writer.WriteNull("private_network_ipv4");
            writer.WriteNull("private_network_ipv6");
            writer.WriteBoolean("recording_enabled", socket.RecordingEnabled);
            WriteOption(writer, SocketOptionRules.UpstreamCheckKey, socket.UpstreamCheck);
            writer.WritePropertyName("upstream_configuration");
            CanonicalJson.WriteTo(writer, upstream.RootElement);
            if (socket.UpstreamProxyProtocol.Length > 0)
            {
                writer.WriteString(SocketOptionRules.UpstreamProxyProtocolKey, socket.UpstreamProxyProtocol);
            }

            writer.WriteEndObject();
        });
    }

    /// <param name="json">An object in canonical JSON.</param>
    private static void WriteOption(Utf8JsonWriter writer, string key, string json)
    {
        if (json != "{}")
        {
            writer.WritePropertyName(key);
            writer.WriteRawValue(json);
        }
    }

    private static bool Acceptable(string? metadataJson)
    {
        if (metadataJson is null || metadataJson.Length > MaxMetadataLength)
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(metadataJson);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <exception cref="StaleEpochException">A newer control session exists.</exception>
    internal static void RequireEpoch(ControlDbContext db, ConnectorId connectorId, SessionEpoch epoch)
    {
        var stored = Epoch(db, connectorId);
        if (stored != epoch)
        {
            throw new StaleEpochException(connectorId, stored, epoch);
        }
    }

    private static SessionEpoch Epoch(ControlDbContext db, ConnectorId connectorId)
        => new(db.Epochs.Where(row => row.ConnectorId == connectorId.Value).Select(row => row.Epoch).FirstOrDefault());
}
