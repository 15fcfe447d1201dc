using System.Globalization;
using Connector.Protocol.Ids;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Store.Database;

/// <summary>
/// Owns control.db. SQLite works synchronously, so reads and writes run on the thread pool and never on the caller's (an actor's) thread; writes go
/// one at a time, each in one transaction.
/// </summary>
internal sealed class ControlDatabase : IDisposable
{
    private const string IncarnationKey = "incarnation";
    private const string VersionKey = "version";

    private readonly ControlPlaneOptions options;
    private readonly DbContextOptions<ControlDbContext> contextOptions;
    private readonly string connectionString;
    private readonly SemaphoreSlim writer = new(1, 1);

    private ControlDatabase(ControlPlaneOptions options, TimeProvider time)
    {
        this.options = options;
        Time = time;
        connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = options.DatabasePath,
            ForeignKeys = true,
            DefaultTimeout = Math.Max(1, (int)options.BusyTimeout.TotalSeconds),
        }.ToString();
        contextOptions = new DbContextOptionsBuilder<ControlDbContext>()
            .UseSqlite(connectionString)
            .AddInterceptors(new ConnectionPragmas(options))
            .Options;
    }

    public TimeProvider Time { get; }

    /// <summary>UUID of this store; a restored one gets another, so that its lower version numbers are not taken for old news.</summary>
    public string Incarnation { get; private set; } = "";

    public string OrganizationId { get; private set; } = "";

    public string OrganizationName { get; private set; } = "";

    public string Subdomain { get; private set; } = "";

    public long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Opens the store, makes it when it is missing and brings its tables up to date.</summary>
    /// <exception cref="ControlStoreException">It cannot be used; the message says what to do.</exception>
    public static ControlDatabase Open(ControlPlaneOptions options, TimeProvider time)
    {
        var database = new ControlDatabase(options, time);
        try
        {
            database.Prepare();
            return database;
        }
        catch (Exception exception) when (StoreErrors.Is(exception))
        {
            database.Dispose();
            throw StoreErrors.Translate("opening the control plane's store", options.DatabasePath, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            database.Dispose();
            throw new ControlStoreException(
                $"opening the control plane's store: {options.DatabasePath}: {exception.Message}; "
                + "name a data directory that the user that runs the server may write to", exception);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    public async Task<T> ReadAsync<T>(string doing, Func<ControlDbContext, T> read, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(() => Read(read), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (StoreErrors.Is(exception))
        {
            throw StoreErrors.Translate(doing, options.DatabasePath, exception);
        }
    }

    /// <summary>Once begun, a write is not cancelled: the caller would not know whether it is in force.</summary>
    public async Task<T> WriteAsync<T>(string doing, Func<ControlDbContext, T> write, CancellationToken cancellationToken)
    {
        await writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Write(write), CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (StoreErrors.Is(exception))
        {
            throw StoreErrors.Translate(doing, options.DatabasePath, exception);
        }
        finally
        {
            writer.Release();
        }
    }

    public Task WriteAsync(string doing, Action<ControlDbContext> write, CancellationToken cancellationToken)
        => WriteAsync(
            doing,
            db =>
            {
                write(db);
                return true;
            },
            cancellationToken);

    /// <summary>For start-up, where nothing else can run before it is done.</summary>
    public T Write<T>(Func<ControlDbContext, T> write)
    {
        using var db = new ControlDbContext(contextOptions);
        // BEGIN IMMEDIATE: a transaction that would have to upgrade its lock later could fail with BUSY whatever the timeout.
        using var transaction = db.Database.BeginTransaction();
        var result = write(db);
        transaction.Commit();
        return result;
    }

    public T Read<T>(Func<ControlDbContext, T> read)
    {
        using var db = new ControlDbContext(contextOptions);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTrackingWithIdentityResolution;
        // Several queries of one read see one state.
        using var transaction = db.Database.GetDbConnection() is SqliteConnection connection ? BeginDeferred(db, connection) : null;
        return read(db);
    }

    /// <summary>Next version of the whole store; to be called within a write. Connectors whose desired state changes take this number.</summary>
    public static long RaiseVersion(ControlDbContext db, IEnumerable<string> connectorIds)
    {
        var next = long.Parse(Meta(db, VersionKey) ?? "0", CultureInfo.InvariantCulture) + 1;
        SetMeta(db, VersionKey, next.ToString(CultureInfo.InvariantCulture));
        db.SaveChanges();
        var ids = connectorIds.Distinct().ToList();
        db.Connectors.Where(connector => ids.Contains(connector.Id))
            .ExecuteUpdate(set => set.SetProperty(connector => connector.DesiredVersion, next));
        return next;
    }

    public DesiredStateVersion Version(ControlDbContext db)
        => new(Incarnation, long.Parse(Meta(db, VersionKey) ?? "0", CultureInfo.InvariantCulture));

    public static string? Meta(ControlDbContext db, string key)
        => db.Meta.Where(meta => meta.Key == key).Select(meta => meta.Value).FirstOrDefault();

    public static void SetMeta(ControlDbContext db, string key, string value)
    {
        if (db.Meta.Where(meta => meta.Key == key).ExecuteUpdate(set => set.SetProperty(meta => meta.Value, value)) == 0)
        {
            db.Meta.Add(new MetaRow { Key = key, Value = value });
            db.SaveChanges();
        }
    }

    public void Dispose()
    {
        using (var connection = new SqliteConnection(connectionString))
        {
            SqliteConnection.ClearPool(connection);
        }

        writer.Dispose();
    }

    private static IDisposable BeginDeferred(ControlDbContext db, SqliteConnection connection)
    {
        db.Database.OpenConnection();
        var transaction = connection.BeginTransaction(deferred: true);
        db.Database.UseTransaction(transaction);
        return transaction;
    }

    private void Prepare()
    {
        MakeDirectory(options.DataDirectory);
        using (new FileStream(options.DatabasePath + ".migration", LockFile()))
        {
            using var db = new ControlDbContext(contextOptions);
            db.Database.OpenConnection();
            db.Database.ExecuteSqlRaw("PRAGMA journal_mode=WAL;");
            Migrate(db);
        }

        Write(db =>
        {
            Incarnation = Meta(db, IncarnationKey) ?? "";
            if (Incarnation.Length == 0)
            {
                Incarnation = Guid.NewGuid().ToString();
                SetMeta(db, IncarnationKey, Incarnation);
            }

            var organization = db.Organizations.FirstOrDefault();
            if (organization is null)
            {
                organization = new OrganizationRow
                {
                    Id = Guid.NewGuid().ToString(), Name = options.OrganizationName, Subdomain = options.OrganizationName, CreatedAt = Now,
                };
                db.Organizations.Add(organization);
                db.SaveChanges();
            }

            (OrganizationId, OrganizationName, Subdomain) = (organization.Id, organization.Name, organization.Subdomain);
            return true;
        });
    }

    private void Migrate(ControlDbContext db)
    {
        var unknown = db.Database.GetAppliedMigrations().Except(db.Database.GetMigrations()).ToList();
        if (unknown.Count > 0)
        {
            throw new ControlStoreException(
                $"opening the control plane's store: {options.DatabasePath} was written by a newer version (it has {unknown[^1]}); "
                + "start that version, or name another data directory");
        }

        if (!db.Database.GetPendingMigrations().Any())
        {
            return;
        }

        // A process that was killed while it migrated leaves its row, and EF would wait for it for ever. The file lock says that nobody is at it now.
        if (db.Database.SqlQuery<int>($"SELECT count(*) AS Value FROM sqlite_master WHERE name = '__EFMigrationsLock'").Single() > 0)
        {
            db.Database.ExecuteSqlRaw("DELETE FROM \"__EFMigrationsLock\";");
        }

        db.Database.Migrate();
    }

    private static FileStreamOptions LockFile()
    {
        var file = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return file;
    }

    private void MakeDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (!File.Exists(options.DatabasePath))
        {
            // Made here because SQLite would make it with the process's umask; its -wal and -shm files take this file's mode.
            new FileStream(
                options.DatabasePath,
                new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }).Dispose();
        }
    }
}
