using Connector.Server.Store.Database;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Store;

/// <summary>The last log batch stored of each process of a connector's replicas.</summary>
internal static class LogSequences
{
    /// <summary>Of one connector. A process sends its next batch when the last is acknowledged, so only those that still run matter.</summary>
    public const int MaxPerConnector = 256;

    /// <summary>To be called within a write.</summary>
    /// <returns>False when the batch is stored already.</returns>
    public static bool Advance(ControlDbContext db, string connectorId, LogPosition position, long now)
    {
        var (replica, boot) = (position.ReplicaId.Value, position.BootId.ToString());
        var mine = db.LogSequences.Where(row => row.ConnectorId == connectorId && row.ReplicaId == replica && row.BootId == boot);
        if (mine.Select(row => (long?)row.Sequence).FirstOrDefault() is not { } stored)
        {
            Forget(db, connectorId);
            db.LogSequences.Add(new LogSequenceRow { ConnectorId = connectorId, ReplicaId = replica, BootId = boot, Sequence = position.Sequence, StoredAt = now });
            db.SaveChanges();
            return true;
        }

        return position.Sequence > stored
            && mine.ExecuteUpdate(set => set.SetProperty(row => row.Sequence, position.Sequence).SetProperty(row => row.StoredAt, now)) == 1;
    }

    // Those that stored nothing for longest go first.
    private static void Forget(ControlDbContext db, string connectorId)
    {
        var of = db.LogSequences.Where(row => row.ConnectorId == connectorId);
        foreach (var old in of.OrderByDescending(row => row.StoredAt).ThenBy(row => row.BootId).Skip(MaxPerConnector - 1).ToList())
        {
            db.LogSequences.Remove(old);
        }
    }
}
