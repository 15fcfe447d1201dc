using System.Globalization;
using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>A PostgreSQL on loopback with a fresh cluster in its own folder. It refuses to run as root; then it runs as the user that the Debian package makes.</summary>
internal sealed class PostgresServer : LoopbackServer
{
    private static readonly UnprivilegedUser ServiceUser = new("postgres");
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private PostgresServer()
        : base("postgres")
    {
    }

    public static IReadOnlyList<InstalledProgram> Needs { get; } =
        [InstalledProgram.Postgres, InstalledProgram.InitDb, InstalledProgram.Psql, .. UnprivilegedUser.Needs];

    public static Task<PostgresServer> StartAsync(CancellationToken cancellation) => BeginAsync(new PostgresServer(), cancellation);

    /// <summary>Arguments for psql through whatever port leads here; each statement is a transaction.</summary>
    public static IReadOnlyList<string> Psql(int port, params IEnumerable<string> statements)
        =>
        [
            "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", $"host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=30",
            .. statements.SelectMany(statement => (string[])["-c", statement]),
        ];

    /// <summary>Runs the statements and gives their rows as text.</summary>
    public static async Task<string> QueryAsync(int port, params IEnumerable<string> statements)
        => (await ChildProcess.RunAsync(InstalledProgram.Psql.Require(), Psql(port, statements), Deadline)).Trim();

    protected override async Task PrepareAsync(CancellationToken cancellation)
    {
        await ServiceUser.OwnAsync(Folder);
        var (program, arguments) = ServiceUser.Command(
            InstalledProgram.InitDb, ["-D", Folder.File("data"), "-U", "postgres", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"]);
        await ChildProcess.RunAsync(program, arguments, Deadline);
    }

    protected override ChildProcess Launch()
    {
        var (program, arguments) = ServiceUser.Command(
            InstalledProgram.Postgres,
            ["-D", Folder.File("data"), "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-k", Folder.Path, "-F", "-c", "max_connections=200"]);

        // SIGINT is its fast shutdown: SIGTERM would wait for clients to leave.
        return ChildProcess.Start(program, arguments, stopSignal: UnixSignal.Interrupt, workingDirectory: Folder.Path);
    }

    protected override Task WaitUntilAnsweringAsync(CancellationToken cancellation)
        => Eventually.SucceedsAsync(() => QueryAsync(Port, "select 1"), "PostgreSQL answers a query", cancellation);
}
