using System.Globalization;
using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>
/// A MariaDB on loopback with fresh data in its own folder. It refuses to run as root; then it runs as nobody. It looks up the names of its clients, as
/// it does by default: without that it counts no errors of theirs.
/// </summary>
internal sealed class MariaDbServer : LoopbackServer
{
    /// <summary>So many failed connections of one address, and the server takes none from there any more. 127.0.0.1 alone it never blocks.</summary>
    public const int MaxConnectErrors = 5;

    private const string User = "tester";
    private const string Password = "of-this-test";
    private static readonly UnprivilegedUser Nobody = new("65534");
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>A name server that does not answer must not hold up every connection.</summary>
    private static readonly Dictionary<string, string> Variables = new() { ["RES_OPTIONS"] = "timeout:1 attempts:1" };

    private MariaDbServer()
        : base("mariadb")
    {
    }

    public static IReadOnlyList<InstalledProgram> Needs { get; } =
    [
        InstalledProgram.MariaDb, InstalledProgram.MariaDbInstallDb, InstalledProgram.MariaDbClient,
        .. UnprivilegedUser.Needs,
    ];

    public static Task<MariaDbServer> StartAsync(CancellationToken cancellation) => BeginAsync(new MariaDbServer(), cancellation);

    private string DataArgument => $"--datadir={Folder.File("data")}";

    public async Task EndAsync()
    {
        Signal(UnixSignal.Terminate);
        await Process.WaitForExitAsync(Deadline);
    }

    /// <summary>Arguments for the client through whatever port leads here: rows as text, no headings.</summary>
    public static IReadOnlyList<string> Client(int port, string statements) => Client(port, User, Password, statements);

    /// <summary>Runs the statements and gives their rows as text.</summary>
    public static Task<string> QueryAsync(int port, string statements) => RunAsync(Client(port, statements));

    protected override async Task PrepareAsync(CancellationToken cancellation)
    {
        await Nobody.OwnAsync(Folder);
        var (program, arguments) = Nobody.Command(
            InstalledProgram.MariaDbInstallDb,
            ["--no-defaults", DataArgument, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]);
        await ChildProcess.RunAsync(program, arguments, Deadline);
    }

    protected override ChildProcess Launch()
    {
        var (program, arguments) = Nobody.Command(
            InstalledProgram.MariaDb,
            [
                "--no-defaults", DataArgument, "--bind-address=127.0.0.1", $"--port={Port.ToString(CultureInfo.InvariantCulture)}",
                $"--socket={Folder.File("socket")}", $"--pid-file={Folder.File("pid")}", $"--tmpdir={Folder.Path}",
                $"--max-connect-errors={MaxConnectErrors}", "--performance-schema=ON", "--innodb-flush-log-at-trx-commit=0",
            ]);
        return ChildProcess.Start(program, arguments, Variables, workingDirectory: Folder.Path);
    }

    /// <summary>And makes a user that may log in from every address and see everything.</summary>
    protected override async Task WaitUntilAnsweringAsync(CancellationToken cancellation)
    {
        await Eventually.SucceedsAsync(() => RunAsync(Client(Port, "root", "", "select 1")), "MariaDB answers a query", cancellation);
        await RunAsync(Client(Port, "root", "", $"grant all on *.* to {User}@'%' identified by '{Password}'"));
    }

    private static IReadOnlyList<string> Client(int port, string user, string password, string statements)
        =>
        [
            "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", $"--port={port.ToString(CultureInfo.InvariantCulture)}", $"--user={user}",
            $"--password={password}", "--skip-ssl", "--connect-timeout=30", "--batch", "--skip-column-names", "--quick", $"--execute={statements}",
        ];

    private static async Task<string> RunAsync(IReadOnlyList<string> arguments)
        => (await ChildProcess.RunAsync(InstalledProgram.MariaDbClient.Require(), arguments, Deadline)).Trim();
}
