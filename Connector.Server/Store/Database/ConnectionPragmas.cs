using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Connector.Server.Store.Database;

/// <summary>
/// Settings that SQLite keeps per connection. FULL, because an epoch or an acknowledged log batch must survive a power cut: with NORMAL the last
/// transactions of the write-ahead log may be lost.
/// </summary>
internal sealed class ConnectionPragmas(ControlPlaneOptions options) : DbConnectionInterceptor
{
    private readonly string commands = FormattableString.Invariant(
        $"PRAGMA busy_timeout={(long)options.BusyTimeout.TotalMilliseconds}; PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL;")
        + (options.MaxDatabasePages > 0 ? FormattableString.Invariant($" PRAGMA max_page_count={options.MaxDatabasePages};") : "");

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = commands;
        command.ExecuteNonQuery();
    }
}
