using System.Globalization;
using Connector.Tests.Services;

namespace Connector.Tests.Processes;

/// <summary>A running <c>connector dev</c>: control plane, edge and one replica of the real executable, with ports and data of its own.</summary>
internal sealed class ConnectorProcess : IAsyncDisposable
{
    private const int EdgePortCount = 60;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder folder;

    private ConnectorProcess(TemporaryFolder folder, ChildProcess process, ReadyFile ready, int httpsPort, int httpPort, int tunnelPort)
    {
        this.folder = folder;
        Process = process;
        Ready = ready;
        HttpsPort = httpsPort;
        HttpPort = httpPort;
        TunnelPort = tunnelPort;
        Api = new ControlPlaneApi(
            new Uri((ready.ApiUrl ?? throw new InvalidDataException("The ready file has no api_url.")).TrimEnd('/') + "/"),
            ready.AdminToken ?? throw new InvalidDataException("The ready file has no admin_token."),
            ready.ConnectorId ?? throw new InvalidDataException("The ready file has no connector_id."));
    }

    public ChildProcess Process { get; }

    public ReadyFile Ready { get; }

    public ControlPlaneApi Api { get; }

    public int HttpsPort { get; }

    public int HttpPort { get; }

    public int TunnelPort { get; }

    public string ReadyPath => folder.File("ready.json");

    /// <summary>Every process that carries traffic.</summary>
    public IReadOnlyCollection<int> ProcessIds => [.. Ready.Replicas.Select(replica => replica.ProcessId).Append(Process.Id).Distinct()];

    /// <summary>Starts it and waits until it accepts.</summary>
    /// <param name="exposes">As after <c>--expose</c>.</param>
    /// <param name="dataFolder">Elsewhere than in a fresh temporary folder.</param>
    /// <param name="replicas">More than one are processes of their own, in a group.</param>
    public static async Task<ConnectorProcess> StartDevAsync(
        IEnumerable<string> exposes, CancellationToken cancellation, ChildOutput handling = ChildOutput.Captured, string? dataFolder = null, int replicas = 1)
    {
        Installed.RequireLinux();
        var folder = new TemporaryFolder("connector");
        ChildProcess? process = null;
        try
        {
            var (https, http, tunnel, edge) = (FreePorts.Take(), FreePorts.Take(), FreePorts.Take(), FreePorts.TakeRange(EdgePortCount));
            process = ConnectorExecutable.Start(
                [
                    "dev",
                    "--replicas", Text(replicas),
                    .. exposes.SelectMany(expose => (string[])["--expose", expose]),
                    "--data-dir", dataFolder ?? folder.File("data"),
                    "--https-port", Text(https),
                    "--http-port", Text(http),
                    "--tunnel-port", Text(tunnel),
                    "--edge-ports", $"{Text(edge)}-{Text(edge + EdgePortCount - 1)}",
                    "--ready-file", folder.File("ready.json"),
                ],
                handling: handling);
            var ready = await ReadyFile.WaitAsync(folder.File("ready.json"), process, Deadline, cancellation);
            return new ConnectorProcess(folder, process, ready, https, http, tunnel);
        }
        catch
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }

            folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await Process.DisposeAsync();
        folder.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
