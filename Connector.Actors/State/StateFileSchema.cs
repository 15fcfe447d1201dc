using Microsoft.Data.Sqlite;

namespace Connector.Actors.State;

/// <summary>
/// The tables that Akka.Persistence.Sql expects (its default mapping, tags as text), made by ourselves: then a file that was replaced while the
/// process runs has them too, and nothing has to be made out at each start. A test compares them with what the package itself would make.
/// </summary>
internal static class StateFileSchema
{
    /// <summary>Of the tables and of <see cref="StoredSerializer"/>'s messages, where these cannot be read by older versions any more.</summary>
    public const long Version = 1;

    // "B0st": what "file" and others name the kind of a SQLite file by.
    public const long ApplicationId = 0x42307374;

    /// <summary>How many rows another serializer than ours would read: by its number, or for want of one by the name of a CLR type.</summary>
    public static readonly string CountForeignEntries =
        $"SELECT (SELECT count(*) FROM journal WHERE identifier IS NOT {StoredSerializer.Number}) + (SELECT count(*) FROM snapshot WHERE serializer_id IS NOT {StoredSerializer.Number})";

    private const string Tables =
        """
        CREATE TABLE journal (
          ordering INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
          created INTEGER NOT NULL,
          deleted INTEGER NOT NULL,
          persistence_id TEXT NOT NULL,
          sequence_number INTEGER NOT NULL,
          message BLOB NOT NULL,
          manifest TEXT NULL,
          identifier INTEGER NULL,
          writer_uuid TEXT NULL,
          tags TEXT NULL,
          UNIQUE (persistence_id, sequence_number)
        );
        CREATE TABLE snapshot (
          persistence_id TEXT NOT NULL,
          sequence_number INTEGER NOT NULL,
          created INTEGER NOT NULL,
          snapshot BLOB NULL,
          manifest TEXT NULL,
          serializer_id INTEGER NULL,
          PRIMARY KEY (persistence_id, sequence_number)
        );
        CREATE TABLE owner (connector_id TEXT NOT NULL, replica_id TEXT NOT NULL);
        """;

    public static void Create(SqliteConnection connection, string connectorId, string replicaId)
    {
        // Before the first table: a file gives space back when what it held is deleted.
        Run(connection, "PRAGMA auto_vacuum = FULL");

        // One synchronisation for each write instead of three; the mode stays with the file.
        Run(connection, "PRAGMA journal_mode = WAL");
        using var transaction = connection.BeginTransaction();
        using var create = connection.CreateCommand();
        create.Transaction = transaction;
        create.CommandText =
            $"""
            {Tables}
            INSERT INTO owner VALUES ($connector, $replica);
            PRAGMA application_id = {ApplicationId};
            PRAGMA user_version = {Version};
            """;
        create.Parameters.AddWithValue("$connector", connectorId);
        create.Parameters.AddWithValue("$replica", replicaId);
        create.ExecuteNonQuery();
        transaction.Commit();
    }

    public static object? Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Only constants.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }
}
