using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Connector.Tests.Server.Store;

[Trait("kind", Kinds.Contract)]
public sealed class ControlDatabaseTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Migrations_say_all_that_the_model_says()
    {
        using var store = new OpenStore();
        Assert.False(store.Database.Read(db => db.Database.HasPendingModelChanges()));
    }

    [Fact]
    public void Connections_write_ahead_sync_fully_and_check_foreign_keys()
    {
        using var store = new OpenStore();
        var settings = store.Database.Read(db => (
            Journal: db.Database.SqlQueryRaw<string>("SELECT journal_mode AS Value FROM pragma_journal_mode").Single(),
            Synchronous: db.Database.SqlQueryRaw<int>("SELECT synchronous AS Value FROM pragma_synchronous").Single(),
            ForeignKeys: db.Database.SqlQueryRaw<int>("SELECT foreign_keys AS Value FROM pragma_foreign_keys").Single()));
        Assert.Equal(("wal", 2, 1), settings);
    }

    [Fact]
    public void Files_are_for_the_owner_only()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes");
            return;
        }

        using var store = new OpenStore(options => options.DataDirectory = Path.Combine(options.DataDirectory, "data"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(store.Options.DataDirectory));
        foreach (var file in Directory.GetFiles(store.Options.DataDirectory))
        {
            Assert.Equal((file, UnixFileMode.UserRead | UnixFileMode.UserWrite), (file, File.GetUnixFileMode(file)));
        }
    }

    [Fact]
    public async Task Locked_database_is_an_error_that_names_file_and_remedy()
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("a");
        using var other = new SqliteConnection($"Data Source={store.Options.DatabasePath};Pooling=False");
        other.Open();
        using (var transaction = other.BeginTransaction())
        {
            var error = await Assert.ThrowsAsync<ControlStoreException>(
                () => store.Control.RaiseEpochAsync(connector, new SessionEpoch(0), null, Cancellation));
            Assert.Contains(store.Options.DatabasePath, error.Message);
            Assert.Contains("another process has it locked; stop the other server or backup", error.Message);
            // Readers are not held up by a writer.
            Assert.Equal(new SessionEpoch(0), await store.Control.ReadEpochAsync(connector, Cancellation));
        }

        Assert.Equal(new SessionEpoch(1), await store.Control.RaiseEpochAsync(connector, new SessionEpoch(0), null, Cancellation));
    }

    [Fact]
    public async Task Full_disk_is_an_error_and_changes_nothing()
    {
        using var store = new OpenStore(options => options.MaxDatabasePages = 100);
        var connector = await store.CreateConnectorAsync("a");
        var records = Enumerable.Range(0, 60).Select(_ => OpenStore.Record(new string('x', 10_000))).ToList();

        var error = await Assert.ThrowsAsync<ControlStoreException>(
            () => store.Control.AppendLogsAsync(connector, new SessionEpoch(0), records, null, Cancellation));

        Assert.Contains($"{store.Options.DatabasePath}: the disk is full; free space", error.Message);
        Assert.Empty(await store.MessagesAsync(connector));
        await store.Control.AppendLogsAsync(connector, new SessionEpoch(0), [OpenStore.Record("small")], null, Cancellation);
        Assert.Equal(["small"], await store.MessagesAsync(connector));
    }

    [Fact]
    public void Store_of_a_newer_version_is_refused()
    {
        using var store = new OpenStore();
        store.Database.Write(db => db.Database.ExecuteSqlRaw("INSERT INTO \"__EFMigrationsHistory\" VALUES ('29990101000000_Future', '99.0.0')"));

        var error = Assert.Throws<ControlStoreException>(store.Restart);
        Assert.Contains("written by a newer version (it has 29990101000000_Future)", error.Message);
    }

    [Fact]
    public void Migration_that_was_killed_does_not_block_the_next_start()
    {
        using var store = new OpenStore();
        store.Database.Write(db => db.Database.ExecuteSqlRaw(
            """
            CREATE TABLE IF NOT EXISTS "__EFMigrationsLock" ("Id" INTEGER NOT NULL PRIMARY KEY, "Timestamp" TEXT NOT NULL);
            INSERT OR REPLACE INTO "__EFMigrationsLock" VALUES (1, '2026-01-01');
            DELETE FROM "__EFMigrationsHistory";
            """));
        store.Database.Write(db => db.Database.ExecuteSqlRaw(
            """
            DROP TABLE discovered_resources; DROP TABLE discovered_changes; DROP TABLE discovery_scans;
            DROP TABLE connector_groups; DROP TABLE edges; DROP TABLE sessions; DROP TABLE log_sequences; DROP TABLE connector_logs; DROP TABLE connector_tokens; DROP TABLE epochs; DROP TABLE plugins; DROP TABLE socket_connectors;
            DROP TABLE sockets; DROP TABLE connectors; DROP TABLE organization; DROP TABLE meta;
            """));

        store.Restart();

        Assert.NotEmpty(store.Database.Incarnation);
    }

    [Fact]
    public void File_that_is_no_database_is_refused_and_kept()
    {
        var folder = Directory.CreateTempSubdirectory("store-").FullName;
        try
        {
            var options = new ControlPlaneOptions { DataDirectory = folder };
            var text = string.Concat(Enumerable.Repeat("this is somebody's diary\n", 100));
            File.WriteAllText(options.DatabasePath, text);

            var error = Assert.Throws<ControlStoreException>(() => ControlDatabase.Open(options, TimeProvider.System));

            Assert.Contains($"{options.DatabasePath}: it is not a SQLite database", error.Message);
            Assert.Equal(text, File.ReadAllText(options.DatabasePath));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Data_directory_that_is_a_file_is_an_error_that_names_it()
    {
        var file = Path.GetTempFileName();
        try
        {
            var error = Assert.Throws<ControlStoreException>(
                () => ControlDatabase.Open(new ControlPlaneOptions { DataDirectory = file }, TimeProvider.System));
            Assert.Contains(file, error.Message);
            Assert.Contains("name a data directory", error.Message);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Ports_are_given_lowest_first_and_again_when_free()
    {
        using var store = new OpenStore(options => options.EdgePorts = (30_000, 30_002));
        Assert.Equal(30_000, (await store.Sockets.CreateAsync(OpenStore.Draft("a"), Cancellation)).Socket.EdgePort);
        await store.Sockets.CreateAsync(OpenStore.Draft("b") with { EdgePort = 30_001 }, Cancellation);
        Assert.Equal(30_002, (await store.Sockets.CreateAsync(OpenStore.Draft("c"), Cancellation)).Socket.EdgePort);

        var full = await Assert.ThrowsAsync<NameTakenException>(() => store.Sockets.CreateAsync(OpenStore.Draft("d"), Cancellation));
        Assert.Contains("30000-30002", full.Message);

        await store.Sockets.DeleteAsync("b", Cancellation);
        Assert.Equal(30_001, (await store.Sockets.CreateAsync(OpenStore.Draft("d"), Cancellation)).Socket.EdgePort);
    }

    [Fact]
    public void Admin_token_survives_a_restart_and_only_its_hash_is_kept()
    {
        using var store = new OpenStore();
        const string token = "b0a_one-admin-token-of-this-test";
        var secrets = new ServerSecrets(store.Database);
        secrets.UseAdminToken(new Secret(token));

        Assert.True(secrets.IsAdminToken(token));
        Assert.False(secrets.IsAdminToken(token + "x"));
        Assert.False(secrets.IsAdminToken(""));
        store.Restart();
        var again = new ServerSecrets(store.Database);
        Assert.True(again.IsAdminToken(token));
        Assert.DoesNotContain(token, store.Database.Read(db => string.Join('\n', db.Meta.Select(meta => meta.Value))));

        again.UseAdminToken(new Secret("b0a_another"));
        Assert.True(again.IsAdminToken("b0a_another"));
        Assert.False(again.IsAdminToken(token));
    }

    [Fact]
    public void Nobody_is_admin_of_a_store_without_an_admin_token()
    {
        using var store = new OpenStore();
        Assert.False(new ServerSecrets(store.Database).IsAdminToken(""));
    }

    [Fact]
    public void Signing_key_stays_the_same()
    {
        using var store = new OpenStore();
        using var key = new ServerSecrets(store.Database).LoadSigningKey();
        store.Restart();
        using var again = new ServerSecrets(store.Database).LoadSigningKey();
        Assert.Equal(key.KeyId, again.KeyId);
    }
}
