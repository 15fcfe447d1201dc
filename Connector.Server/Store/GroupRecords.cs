using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Connector.Protocol.Ids;
using Connector.Server.Store.Database;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Store;

/// <summary>The last decision about each connector's group. All but <see cref="Read"/> are to be called within a write.</summary>
internal static class GroupRecords
{
    public static GroupRecord Read(ControlDbContext db, ConnectorId connectorId)
        => Row(db, connectorId).AsNoTracking().FirstOrDefault() is { } row
            ? new GroupRecord(
                row.Generation, ReadMembers(row.Members), ReadIds(row.Removed),
                row is { GrantedTo: { } holder, GrantedAt: { } at } && GroupBootId.TryParse(holder, out var id)
                    ? new GroupGrant(id, DateTimeOffset.FromUnixTimeMilliseconds(at))
                    : null)
            : GroupRecord.None;

    /// <exception cref="StaleGenerationException">The stored generation is not the expected one.</exception>
    public static void Replace(ControlDbContext db, ConnectorId connectorId, long expected, GroupRecord decided)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(decided.Generation, expected);
        var (members, removed) = (Write(decided.Members), string.Join(' ', decided.Removed));
        var (grantedTo, grantedAt) = (decided.Grant?.Holder.ToString(), decided.Grant?.At.ToUnixTimeMilliseconds());
        var replaced = Row(db, connectorId).Where(row => row.Generation == expected).ExecuteUpdate(set => set
            .SetProperty(row => row.Generation, decided.Generation)
            .SetProperty(row => row.Members, members)
            .SetProperty(row => row.Removed, removed)
            .SetProperty(row => row.GrantedTo, grantedTo)
            .SetProperty(row => row.GrantedAt, grantedAt));
        if (replaced == 1)
        {
            return;
        }

        // Writers take turns (BEGIN IMMEDIATE), so nobody adds the row in between.
        if (expected != GroupRecord.None.Generation || Row(db, connectorId).Any())
        {
            throw new StaleGenerationException(connectorId, Read(db, connectorId), expected);
        }

        if (!db.Connectors.Any(row => row.Id == connectorId.Value))
        {
            throw new ControlStoreException($"deciding about the group of connector {connectorId}: the connector does not exist (any more)");
        }

        db.ConnectorGroups.Add(new ConnectorGroupRow
        {
            ConnectorId = connectorId.Value, Generation = decided.Generation, Members = members, Removed = removed, GrantedTo = grantedTo, GrantedAt = grantedAt,
        });
        db.SaveChanges();
    }

    /// <summary>Ends the present epoch when it stands for one of these.</summary>
    public static bool Fence(ControlDbContext db, ConnectorId connectorId, ImmutableArray<GroupBootId> removed)
    {
        var epoch = db.Epochs.Where(row => row.ConnectorId == connectorId.Value);
        return epoch.Select(row => row.GroupBootId).FirstOrDefault() is { } holder && GroupBootId.TryParse(holder, out var id) && removed.Contains(id)
            && epoch.ExecuteUpdate(set => set.SetProperty(row => row.Epoch, row => row.Epoch + 1).SetProperty(row => row.GroupBootId, (string?)null)) == 1;
    }

    public static bool Note(ControlDbContext db, ConnectorId connectorId, long generation, ImmutableArray<GroupRecordMember> members)
    {
        var text = Write(members);
        return Row(db, connectorId).Where(row => row.Generation == generation).ExecuteUpdate(set => set.SetProperty(row => row.Members, text)) == 1;
    }

    private static IQueryable<ConnectorGroupRow> Row(ControlDbContext db, ConnectorId connectorId)
        => db.ConnectorGroups.Where(row => row.ConnectorId == connectorId.Value);

    private static string Write(ImmutableArray<GroupRecordMember> members)
        => JsonSerializer.Serialize(members.Select(member => new Entry(member.GroupBootId.ToString(), member.ReplicaId.Value)));

    private static ImmutableArray<GroupRecordMember> ReadMembers(string text)
    {
        var members = ImmutableArray.CreateBuilder<GroupRecordMember>();
        foreach (var entry in JsonSerializer.Deserialize<Entry[]>(text) ?? [])
        {
            if (GroupBootId.TryParse(entry.GroupBootId, out var id))
            {
                members.Add(new GroupRecordMember(id, new ReplicaId(entry.ReplicaId ?? "")));
            }
        }

        return members.ToImmutable();
    }

    private static ImmutableArray<GroupBootId> ReadIds(string text)
    {
        var ids = ImmutableArray.CreateBuilder<GroupBootId>();
        foreach (var part in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (GroupBootId.TryParse(part, out var id))
            {
                ids.Add(id);
            }
        }

        return ids.ToImmutable();
    }

    private sealed record Entry([property: JsonPropertyName("group_boot_id")] string? GroupBootId, [property: JsonPropertyName("replica_id")] string? ReplicaId);
}
