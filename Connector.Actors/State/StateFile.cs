using System.Globalization;
using Connector.Protocol.Ids;
using Microsoft.Data.Sqlite;

namespace Connector.Actors.State;

/// <summary>
/// The SQLite file in the state directory that holds this replica's journals: opened, checked, moved aside when it is of no use. Blocks.
/// </summary>
internal sealed class StateFile
{
    /// <summary>Those that were moved aside; the oldest go.</summary>
    public const int MostKeptAside = 3;

    // A file that somebody else holds is waited for so long, on a thread of the pool.
    private const int LockSeconds = 2;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly string[] Companions = ["-wal", "-shm", "-journal"];

    private readonly ConnectorId connectorId;
    private readonly ReplicaId replicaId;
    private readonly TimeProvider time;

    // An owner that was restarted opens again, perhaps while its predecessor's call hangs on the disk.
    private readonly Lock opening = new();

    public StateFile(string path, ConnectorId connectorId, ReplicaId replicaId, TimeProvider time)
    {
        Path = System.IO.Path.GetFullPath(path);
        this.connectorId = connectorId;
        this.replicaId = replicaId;
        this.time = time;
        ConnectionString = ConnectionTo(Path);
    }

    public string Path { get; }

    /// <summary>Also the journal's: then both use one pool of connections.</summary>
    public string ConnectionString { get; }

    /// <summary>Never makes a file: only <see cref="Open"/> does, with the rights that it must have.</summary>
    public static string ConnectionTo(string path) => new SqliteConnectionStringBuilder
    {
        DataSource = System.IO.Path.GetFullPath(path),
        Mode = SqliteOpenMode.ReadWrite,
        DefaultTimeout = LockSeconds,
    }.ToString();

    public string PersistenceId(string journal) => $"{journal}/{connectorId}/{replicaId}";

    /// <summary>Makes the file, or checks the one that is there. Never throws.</summary>
    /// <param name="damage">What was found to be wrong with it since; null when nothing was.</param>
    public StateFileOutcome Open(string? damage)
    {
        lock (opening)
            return OpenAlone(damage);
    }

    private StateFileOutcome OpenAlone(string? damage)
    {
        try
        {
            StateFileReplaced? replaced = null;
            if (damage is not null && File.Exists(Path))
                replaced = MoveAside(damage, foreign: false);
            while (true)
            {
                var (reason, foreign) = Check();
                if (reason is null)
                    return new StateFileOutcome.Ready(replaced);

                // One that was made just now cannot be wrong: the disk is.
                if (replaced is not null)
                    return new StateFileOutcome.Unusable($"a new file is of no use either: {reason}", "check the disk");
                replaced = MoveAside(reason, foreign);
            }
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            var told = StateFileFailure.Of(failure);
            return new StateFileOutcome.Unusable(told.Reason, told.Remedy);
        }
    }

    /// <summary>Closes the connections that nobody uses at the moment; those in use are closed when they are done.</summary>
    public void Close()
    {
        using var connection = new SqliteConnection(ConnectionString);
        SqliteConnection.ClearPool(connection);
    }

    // Null when it can be used.
    private (string? Reason, bool Foreign) Check()
    {
        try
        {
            MakeOrNarrow();
            using var connection = new SqliteConnection(ConnectionString);
            connection.Open();
            var version = Number(connection, "PRAGMA user_version");
            if (version == 0 && Number(connection, "SELECT count(*) FROM sqlite_schema") == 0)
            {
                StateFileSchema.Create(connection, connectorId.Value, replicaId.Value);
                return (null, false);
            }

            if (version != StateFileSchema.Version || Number(connection, "PRAGMA application_id") != StateFileSchema.ApplicationId)
                return ($"it has format {version}, this version of the software reads {StateFileSchema.Version}", true);
            if (StateFileSchema.Run(connection, "PRAGMA quick_check(1)") is not "ok")
                return ("its pages contradict each other", false);
            if (Number(connection, StateFileSchema.CountForeignEntries) is > 0 and var others)
                return ($"{others} of its entries name another serializer than this software's", false);
            var (connector, replica) = Owner(connection);
            return connector == connectorId.Value && replica == replicaId.Value
                ? (null, false)
                : ($"it is the state of connector {connector}, replica {replica}", true);
        }
        catch (Exception failure) when (failure is SqliteException or InvalidDataException && StateFileFailure.Of(failure) is { Damaged: true })
        {
            return (StateFileFailure.Of(failure).Reason, false);
        }
    }

    // SQLite gives its companion files the rights of the file itself. A file that is there is not opened here: closing it again would take SQLite's
    // locks of this process from it.
    private void MakeOrNarrow()
    {
        if (!File.Exists(Path))
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerOnly;
            using var made = new FileStream(Path, options);
        }
        else if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(Path) & ~OwnerOnly) != 0)
        {
            File.SetUnixFileMode(Path, OwnerOnly);
        }
    }

    private StateFileReplaced MoveAside(string reason, bool foreign)
    {
        Close();
        var at = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        var directory = System.IO.Path.GetDirectoryName(Path)!;
        var (name, extension) = (System.IO.Path.GetFileNameWithoutExtension(Path), System.IO.Path.GetExtension(Path));
        var aside = System.IO.Path.Combine(directory, $"{name}.aside-{at}{extension}");
        File.Move(Path, aside, overwrite: true);

        // With names that SQLite finds: what was written last may be in them only.
        foreach (var companion in Companions)
        {
            if (File.Exists(Path + companion))
                File.Move(Path + companion, aside + companion, overwrite: true);
        }

        foreach (var old in Directory.EnumerateFiles(directory, $"{name}.aside-*{extension}").OrderDescending(StringComparer.Ordinal).Skip(MostKeptAside))
        {
            foreach (var companion in Companions)
                File.Delete(old + companion);
            File.Delete(old);
        }

        return new StateFileReplaced(aside, reason, foreign);
    }

    private static (string Connector, string Replica) Owner(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT connector_id, replica_id FROM owner";
        using var reader = command.ExecuteReader();
        return reader.Read() ? (reader.GetString(0), reader.GetString(1)) : throw new InvalidDataException("it does not say whose state it is");
    }

    private static long Number(SqliteConnection connection, string sql)
        => Convert.ToInt64(StateFileSchema.Run(connection, sql), CultureInfo.InvariantCulture);
}
