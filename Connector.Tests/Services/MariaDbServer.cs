using System.Globalization;
using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>
/// A MariaDB on loopback with fresh data in its own folder. It refuses to run as root; then it runs as nobody. It looks up the names of its clients, as
/// it does by default: without that it counts no errors of theirs.
/// </summary>
internal sealed class MariaDbServer : IAsyncDisposable
{
    /// <summary>So many failed connections of one address, and the server takes none from there any more. 127.0.0.1 alone it never blocks.</summary>
    public const int MaxConnectErrors = 5;

    private const string Nobody = "65534";
    private const string User = "tester";
    private const string Password = "of-this-test";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>A name server that does not answer must not hold up every connection.</summary>
    private static readonly Dictionary<string, string> Variables = new() { ["RES_OPTIONS"] = "timeout:1 attempts:1" };

    private readonly TemporaryFolder folder;
    private readonly ChildProcess server;

    private MariaDbServer(TemporaryFolder folder, ChildProcess server, int port)
    {
        this.folder = folder;
        this.server = server;
        Port = port;
    }

    public static IReadOnlyList<InstalledProgram> Needs { get; } =
    [
        InstalledProgram.MariaDb, InstalledProgram.MariaDbInstallDb, InstalledProgram.MariaDbClient,
        .. Environment.IsPrivilegedProcess ? [InstalledProgram.SetPriv] : (InstalledProgram[])[],
    ];

    public int Port { get; }

    public static async Task<MariaDbServer> StartAsync(CancellationToken cancellation)
    {
        var folder = new TemporaryFolder("mariadb");
        ChildProcess? server = null;
        try
        {
            if (Environment.IsPrivilegedProcess)
            {
                await ChildProcess.RunAsync("chown", [Nobody, folder.Path], Deadline);
            }

            var data = $"--datadir={folder.File("data")}";
            var (initialise, arguments) = Unprivileged(
                InstalledProgram.MariaDbInstallDb,
                ["--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]);
            await ChildProcess.RunAsync(initialise, arguments, Deadline);
            var port = FreePorts.Take();
            (var program, arguments) = Unprivileged(
                InstalledProgram.MariaDb,
                [
                    "--no-defaults", data, "--bind-address=127.0.0.1", $"--port={port.ToString(CultureInfo.InvariantCulture)}",
                    $"--socket={folder.File("socket")}", $"--pid-file={folder.File("pid")}", $"--tmpdir={folder.Path}",
                    $"--max-connect-errors={MaxConnectErrors}", "--performance-schema=ON", "--innodb-flush-log-at-trx-commit=0",
                ]);
            server = ChildProcess.Start(program, arguments, Variables, workingDirectory: folder.Path);
            var started = new MariaDbServer(folder, server, port);
            await started.MakeUserAsync(cancellation);
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

    public async Task EndAsync()
    {
        server.Signal(UnixSignal.Terminate);
        await server.WaitForExitAsync(Deadline);
    }

    /// <summary>Arguments for the client through whatever port leads here: rows as text, no headings.</summary>
    public static IReadOnlyList<string> Client(int port, string statements) => Client(port, User, Password, statements);

    /// <summary>Runs the statements and gives their rows as text.</summary>
    public static Task<string> QueryAsync(int port, string statements) => RunAsync(Client(port, statements));

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    private static IReadOnlyList<string> Client(int port, string user, string password, string statements)
        =>
        [
            "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", $"--port={port.ToString(CultureInfo.InvariantCulture)}", $"--user={user}",
            $"--password={password}", "--skip-ssl", "--connect-timeout=30", "--batch", "--skip-column-names", "--quick", $"--execute={statements}",
        ];

    private static async Task<string> RunAsync(IReadOnlyList<string> arguments)
        => (await ChildProcess.RunAsync(InstalledProgram.MariaDbClient.Require(), arguments, Deadline)).Trim();

    private static (string Program, IReadOnlyList<string> Arguments) Unprivileged(InstalledProgram program, IReadOnlyList<string> arguments)
        => Environment.IsPrivilegedProcess
            ? (InstalledProgram.SetPriv.Require(), [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--", program.Require(), .. arguments])
            : (program.Require(), arguments);

    /// <summary>One that may log in from every address and see everything.</summary>
    private async Task MakeUserAsync(CancellationToken cancellation)
    {
        await LoopbackPort.WaitUntilAcceptingAsync(Port, server, cancellation);
        await Eventually.SucceedsAsync(() => RunAsync(Client(Port, "root", "", "select 1")), "MariaDB answers a query", cancellation);
        await RunAsync(Client(Port, "root", "", $"grant all on *.* to {User}@'%' identified by '{Password}'"));
    }
}
