using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Contenders;

/// <summary>
/// The connector as it is deployed: a server (control plane and edge) and a replica, two processes, with a tls socket that is public to loopback.
/// Everything is set up through the REST API, as any script would.
/// </summary>
internal sealed class Ours : IContender
{
    private const int EdgePorts = 4;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public string Key => "ours";

    public string Title => "connector (ours)";

    /// <remarks>The connector beside us was built as we were: without optimisation its numbers would mean nothing.</remarks>
    public string? Missing() => File.Exists(ConnectorExecutable.Library) && IsOptimised ? null : "dotnet run -c Release --project Connector.Benchmarks -- compare";

    private static bool IsOptimised => typeof(Ours).Assembly.GetCustomAttribute<DebuggableAttribute>() is not { IsJITOptimizerDisabled: true };

    public async Task<RunningContender> StartAsync(int targetPort, CancellationToken cancellation)
    {
        var running = new RunningContender { Remark = "server (control plane and edge) and replica: two processes" };
        try
        {
            var folder = running.Own(new TemporaryFolder("ours"));
            var server = running.Own(StartServer(folder));
            running.Measure(server.Id);
            var ready = await ReadyFile.WaitAsync(folder.File("server.json"), server, Deadline, cancellation);
            using var api = new OurApi(ready);
            var connector = await api.CreateConnectorAsync(cancellation);
            var token = await api.CreateTokenAsync(connector, cancellation);
            var socket = await api.CreateSocketAsync(connector, targetPort, cancellation);

            var replica = running.Own(StartReplica(folder, token));
            running.Measure(replica.Id);
            await ReadyFile.WaitAsync(folder.File("replica.json"), replica, Deadline, cancellation);
            running.Port = await api.WaitUntilAliveAsync(socket, Deadline, [server, replica], cancellation);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    private static ChildProcess StartServer(TemporaryFolder folder)
    {
        var httpsPort = FreePorts.Take();
        var edgePorts = FreePorts.TakeRange(EdgePorts);
        return ConnectorExecutable.Start(
            [
                "server",
                "--config", folder.Write("server.yaml", $"public_url: https://localhost:{Text(httpsPort)}\nlog_level: error\n"),
                "--data-dir", folder.File("data"),
                "--https-port", Text(httpsPort),
                "--http-port", Text(FreePorts.Take()),
                "--tunnel-port", Text(FreePorts.Take()),
                "--edge-ports", $"{Text(edgePorts)}-{Text(edgePorts + EdgePorts - 1)}",
                "--ready-file", folder.File("server.json"),
            ],
            Quiet);
    }

    private static ChildProcess StartReplica(TemporaryFolder folder, string token)
        => ConnectorExecutable.Start(
            ["start", "--state-dir", folder.File("replica"), "--health", "127.0.0.1:0", "--ready-file", folder.File("replica.json")],
            new Dictionary<string, string>(Quiet) { ["BORDER0_TOKEN"] = token });

    private static Dictionary<string, string> Quiet { get; } = new() { ["BORDER0_LOG_LEVEL"] = "error" };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
