using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence.Sql;
using Connector.Actors.State;
using Connector.Protocol.Ids;
using Connector.Tests.Processes;
using Connector.Tests.Services;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Actors.State;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
[Trait("kind", Kinds.Contract)]
public sealed class StateFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new("state-file");
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private string Path => folder.File("state.db");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void New_file_and_its_companions_are_closed_to_others()
    {
        Installed.RequireLinux();
        var file = File("c");
        Assert.Equal(new StateFileOutcome.Ready(null), file.Open(null));
        using (var connection = Connect(file.ConnectionString))
        {
            Execute(connection, "INSERT INTO snapshot VALUES ('p', 1, 1, x'00', '', 1)");
            Assert.Equal(
                ["state.db", "state.db-shm", "state.db-wal"], Directory.EnumerateFiles(folder.Path).Select(System.IO.Path.GetFileName).Order(StringComparer.Ordinal));
            Assert.All(
                Directory.EnumerateFiles(folder.Path),
                path => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(path)));
        }

        // Nothing is open any more: all is in the file itself.
        file.Close();
        Assert.Equal(["state.db"], Directory.EnumerateFiles(folder.Path).Select(System.IO.Path.GetFileName));
    }

    [Fact]
    public void File_that_others_can_read_is_narrowed()
    {
        Installed.RequireLinux();
        Open("c");
        System.IO.File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Open("c");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(Path));
    }

    [Fact]
    public void File_is_kept_from_start_to_start()
    {
        var file = Open("c");
        using (var connection = Connect(file.ConnectionString))
            Execute(connection, "INSERT INTO snapshot VALUES ('p', 1, 1, x'00', '', 714)");
        Assert.Equal(new StateFileOutcome.Ready(null), File("c").Open(null));
        Assert.Equal(1L, Scalar("SELECT count(*) FROM snapshot"));
    }

    [Fact]
    public void Deleted_content_gives_its_space_back()
    {
        var file = Open("c");
        using (var connection = Connect(file.ConnectionString))
        {
            Execute(connection, "INSERT INTO snapshot VALUES ('p', 1, 1, randomblob(3000000), '', 1)");
            Execute(connection, "DELETE FROM snapshot");
        }

        file.Close();
        Assert.InRange(new FileInfo(Path).Length, 1, 100_000);
    }

    [Theory]
    [InlineData("another file")]
    [InlineData("truncated")]
    [InlineData("overwritten page")]
    [InlineData("no owner")]
    [InlineData("no table")]
    public void Damaged_file_is_kept_aside_and_replaced(string damage)
    {
        var file = Open("c");
        using (var connection = Connect(file.ConnectionString))
        {
            for (var i = 0; i < 50; i++)
                Execute(connection, $"INSERT INTO snapshot VALUES ('p', {i}, 1, randomblob(3000), '', 1)");
            if (damage == "no owner")
                Execute(connection, "DELETE FROM owner");
            if (damage == "no table")
                Execute(connection, "DROP TABLE owner");
        }

        file.Close();
        var bytes = System.IO.File.ReadAllBytes(Path);
        switch (damage)
        {
            case "another file":
                bytes = [.. Enumerable.Repeat((byte)'x', 5_000)];
                break;
            case "truncated":
                bytes = bytes[..(bytes.Length / 2)];
                break;
            case "overwritten page":
                bytes.AsSpan(4096, 30_000).Fill(0xA5);
                break;
        }

        System.IO.File.WriteAllBytes(Path, bytes);

        var replaced = Assert.IsType<StateFileOutcome.Ready>(File("c").Open(null)).Replaced;

        Assert.NotNull(replaced);
        Assert.False(replaced.Foreign);
        Assert.NotEmpty(replaced.Reason);
        Assert.Equal(folder.File("state.aside-20260102T030405000Z.db"), replaced.MovedTo);
        Assert.Equal(bytes, System.IO.File.ReadAllBytes(replaced.MovedTo));
        Assert.Equal(0L, Scalar("SELECT count(*) FROM snapshot"));
        Assert.Equal(new StateFileOutcome.Ready(null), File("c").Open(null));
    }

    [Theory]
    [InlineData("other", "r", "connector other, replica r")]
    [InlineData("c", "other", "connector c, replica other")]
    public void State_of_somebody_else_is_kept_aside_and_not_used(string connector, string replica, string named)
    {
        new StateFile(Path, new ConnectorId(connector), new ReplicaId(replica), time).Open(null);
        var replaced = Assert.IsType<StateFileOutcome.Ready>(File("c").Open(null)).Replaced;
        Assert.True(replaced!.Foreign);
        Assert.Contains(named, replaced.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void File_of_a_later_format_is_kept_aside()
    {
        using (var connection = Connect(Open("c").ConnectionString))
            Execute(connection, "PRAGMA user_version = 2");
        var replaced = Assert.IsType<StateFileOutcome.Ready>(File("c").Open(null)).Replaced;
        Assert.True(replaced!.Foreign);
        Assert.Contains("format 2", replaced.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_latest_are_kept_aside()
    {
        for (var i = 0; i < StateFile.MostKeptAside + 3; i++)
        {
            Open("c");
            time.Advance(TimeSpan.FromSeconds(1));
            File("c").Open("a test says so");
        }

        Assert.Equal(
            Enumerable.Range(4, StateFile.MostKeptAside).Select(i => $"state.aside-20260102T0304{5 + i:00}000Z.db"),
            Directory.EnumerateFiles(folder.Path, "*.aside-*").Select(System.IO.Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Locked_file_is_left_alone()
    {
        Open("c").Close();
        using var other = Connect($"Data Source={Path};Pooling=False");
        Execute(other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO snapshot VALUES ('p', 1, 1, x'00', '', 1)");
        var outcome = Assert.IsType<StateFileOutcome.Unusable>(File("c").Open(null));
        Assert.Contains("another process holds it locked", outcome.Reason, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(folder.Path, "*.aside-*"));
    }

    [Fact]
    public void Folder_that_is_gone_is_said_to_be()
    {
        var outcome = Assert.IsType<StateFileOutcome.Unusable>(
            new StateFile(folder.File("no/state.db"), new ConnectorId("c"), new ReplicaId("r"), time).Open(null));
        Assert.NotEmpty(outcome.Remedy);
    }

    [Fact]
    public void Path_with_every_sort_of_sign_is_one_path()
    {
        var odd = Directory.CreateDirectory(folder.File("it's \"odd\"; Mode=Memory ü $HOME")).FullName;
        var file = new StateFile(System.IO.Path.Combine(odd, "state.db"), new ConnectorId("c"), new ReplicaId("r"), time);
        Assert.Equal(new StateFileOutcome.Ready(null), file.Open(null));
        file.Close();
        Assert.Equal(["state.db"], Directory.EnumerateFiles(odd).Select(System.IO.Path.GetFileName));
        var config = Connector.Actors.Registration.PersistenceHocon.For(file.ConnectionString);
        Assert.Equal(file.ConnectionString, config.GetString("akka.persistence.journal.sql.connection-string"));
        Assert.Equal(file.ConnectionString, config.GetString("akka.persistence.snapshot-store.sql.connection-string"));
    }

    [Fact]
    public async Task Tables_have_the_columns_that_the_package_would_make()
    {
        Open("c");
        var theirs = folder.File("theirs.db");
        var hocon = Connector.Actors.Registration.PersistenceHocon.For($"Data Source={theirs}");
        var system = ActorSystem.Create("theirs", ConfigurationFactory.ParseString(
            """
            akka { loglevel = ERROR, stdout-loglevel = OFF }
            akka.persistence.journal.sql.auto-initialize = on
            akka.persistence.snapshot-store.sql.auto-initialize = on
            """).WithFallback(hocon));
        try
        {
            SqlPersistence.Get(system);
            Akka.Persistence.Persistence.Instance.Apply(system).JournalFor(null);
            Akka.Persistence.Persistence.Instance.Apply(system).SnapshotStoreFor(null);
            await Eventually.IsTrue(() => System.IO.File.Exists(theirs) && Columns(theirs, "journal").Count > 0 && Columns(theirs, "snapshot").Count > 0, "the package made its tables");
        }
        finally
        {
            await system.Terminate();
        }

        Assert.Equal(Columns(theirs, "journal"), Columns(Path, "journal"));
        Assert.Equal(Columns(theirs, "snapshot"), Columns(Path, "snapshot"));
    }

    private StateFile File(string connector) => new(Path, new ConnectorId(connector), new ReplicaId("r"), time);

    private StateFile Open(string connector)
    {
        var file = File(connector);
        Assert.IsType<StateFileOutcome.Ready>(file.Open(null));
        return file;
    }

    private static SqliteConnection Connect(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    }

#pragma warning disable CA2100 // Of the tests.
    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private object? Scalar(string sql)
    {
        using var connection = Connect($"Data Source={Path};Pooling=False");
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    // Types are names only in SQLite; what counts is that a column is there and what may be null.
    private static List<(string Name, bool NotNull)> Columns(string path, string table)
    {
        using var connection = Connect($"Data Source={path};Pooling=False");
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT name, \"notnull\" FROM pragma_table_info('{table}') ORDER BY name";
        using var reader = command.ExecuteReader();
        var columns = new List<(string, bool)>();
        while (reader.Read())
            columns.Add((reader.GetString(0), reader.GetInt64(1) == 1));
        return columns;
    }
#pragma warning restore CA2100
}
