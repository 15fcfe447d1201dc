using System.Globalization;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Contenders;

/// <summary>
/// The connector. Edge and replica are two processes when <c>dev</c> can be told to start no replica of its own (as every other pair is two processes);
/// else both ends run in the one process of <c>dev</c>, and the table says so.
/// </summary>
internal sealed class Ours : IContender
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public string Key => "ours";

    public string Title => "connector (ours)";

    public string? Missing() => File.Exists(ConnectorExecutable.Library) ? null : "dotnet build -c Release";

    public async Task<RunningContender> StartAsync(int targetPort, CancellationToken cancellation)
    {
        try
        {
            return await StartAsync(targetPort, separateReplica: true, cancellation);
        }
        catch (InvalidOperationException e)
        {
            await Console.Error.WriteLineAsync($"  ours: edge and replica do not start as two processes, so both run in one ({e.Message.Split('\n')[0]})");
            return await StartAsync(targetPort, separateReplica: false, cancellation);
        }
    }

    private static async Task<RunningContender> StartAsync(int targetPort, bool separateReplica, CancellationToken cancellation)
    {
        var running = new RunningContender { Remark = separateReplica ? "edge and replica: two processes" : "edge and replica: one process" };
        try
        {
            var folder = running.Own(new TemporaryFolder("ours"));
            var edgePorts = FreePorts.TakeRange(4);
            var server = running.Own(ConnectorExecutable.Start(
            [
                "dev",
                "--expose", string.Create(CultureInfo.InvariantCulture, $"load=tcp://127.0.0.1:{targetPort}"),
                "--data-dir", folder.File("data"),
                "--https-port", Text(FreePorts.Take()),
                "--http-port", Text(FreePorts.Take()),
                "--tunnel-port", Text(FreePorts.Take()),
                "--edge-ports", $"{Text(edgePorts)}-{Text(edgePorts + 3)}",
                "--ready-file", folder.File("server.json"),
                .. separateReplica ? (string[])["--replicas", "0"] : [],
            ]));
            running.Measure(server.Id);
            var ready = await ReadyFile.WaitAsync(folder.File("server.json"), server, Deadline, cancellation);
            if (separateReplica)
            {
                var token = ready.ConnectorToken ?? throw new InvalidOperationException("the ready file names no connector token");
                var replica = running.Own(ConnectorExecutable.Start(
                    ["start", "--state-dir", folder.File("replica"), "--health", $"127.0.0.1:{Text(FreePorts.Take())}", "--ready-file", folder.File("replica.json")],
                    new Dictionary<string, string> { ["BORDER0_TOKEN"] = token }));
                running.Measure(replica.Id);
                await ReadyFile.WaitAsync(folder.File("replica.json"), replica, Deadline, cancellation);
            }

            running.Port = ready.Sockets.Single(socket => socket.Name == "load").Port;
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
