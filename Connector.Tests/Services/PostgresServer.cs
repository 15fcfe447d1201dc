using System.Globalization;
using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>A PostgreSQL on loopback with a fresh cluster in its own folder. It refuses to run as root; then it runs as the user that the Debian package makes.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string ServiceUser = "postgres";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder folder;
    private readonly ChildProcess server;

    private PostgresServer(TemporaryFolder folder, ChildProcess server, int port)
    {
        this.folder = folder;
        this.server = server;
        Port = port;
    }

    public static IReadOnlyList<InstalledProgram> Needs { get; } =
        [InstalledProgram.Postgres, InstalledProgram.InitDb, InstalledProgram.Psql, .. Environment.IsPrivilegedProcess ? [InstalledProgram.SetPriv] : (InstalledProgram[])[]];

    public int Port { get; }

    public static async Task<PostgresServer> StartAsync(CancellationToken cancellation)
    {
        var folder = new TemporaryFolder("postgres");
        ChildProcess? server = null;
        try
        {
            if (Environment.IsPrivilegedProcess)
            {
                await ChildProcess.RunAsync("chown", [ServiceUser, folder.Path], Deadline);
            }

            var data = folder.File("data");
            var (initialise, arguments) = Unprivileged(
                InstalledProgram.InitDb, ["-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"]);
            await ChildProcess.RunAsync(initialise, arguments, Deadline);
            var port = FreePorts.Take();
            (var program, arguments) = Unprivileged(
                InstalledProgram.Postgres,
                ["-D", data, "-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-k", folder.Path, "-F", "-c", "max_connections=200"]);

            // SIGINT is its fast shutdown: SIGTERM would wait for clients to leave.
            server = ChildProcess.Start(program, arguments, stopSignal: UnixSignal.Interrupt, workingDirectory: folder.Path);
            var started = new PostgresServer(folder, server, port);
            await started.WaitUntilAnsweringAsync(cancellation);
            return started;
        }
        catch
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }

            folder.Dispose();
            throw;
        }
    }

    public void Signal(UnixSignal signal) => server.Signal(signal);

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

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    private static (string Program, IReadOnlyList<string> Arguments) Unprivileged(InstalledProgram program, IReadOnlyList<string> arguments)
        => Environment.IsPrivilegedProcess
            ? (InstalledProgram.SetPriv.Require(), [$"--reuid={ServiceUser}", $"--regid={ServiceUser}", "--clear-groups", "--", program.Require(), .. arguments])
            : (program.Require(), arguments);

    private async Task WaitUntilAnsweringAsync(CancellationToken cancellation)
    {
        await LoopbackPort.WaitUntilAcceptingAsync(Port, server, cancellation);
        await Eventually.SucceedsAsync(() => QueryAsync(Port, "select 1"), "PostgreSQL answers a query", cancellation);
    }
}
