using System.Globalization;
using System.Text.Json;
using Connector.Benchmarks.Discovery;
using Connector.Benchmarks.Load;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Comparison;

/// <summary>Starts this executable again: as the measured service, as the client that measures it, and for a scan.</summary>
internal static class LoadProgram
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private static readonly string Library = typeof(LoadProgram).Assembly.Location;

    public static async Task<(ChildProcess Process, int Port)> StartServerAsync(CancellationToken cancellation)
    {
        var process = Start("load-server");
        try
        {
            using var reader = new StreamReader(process.StandardOutput, leaveOpen: true);
            var line = await reader.ReadLineAsync(cancellation).AsTask().WaitAsync(Deadline, cancellation);
            return (process, int.Parse(line ?? "", CultureInfo.InvariantCulture));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public static async Task<LoadResult> MeasureAsync(int port, string measure, int streams, long amount, CancellationToken cancellation)
    {
        await using var client = StartClient(port, measure, streams, amount);
        using var reader = new StreamReader(client.StandardOutput, leaveOpen: true);
        return Parse(await reader.ReadToEndAsync(cancellation).WaitAsync(Deadline, cancellation), client);
    }

    /// <summary>Holds idle connections while <paramref name="whileHeld"/> looks at them.</summary>
    public static async Task<LoadResult> HoldIdleAsync(int port, int count, Func<Task> whileHeld, CancellationToken cancellation)
    {
        await using var client = StartClient(port, "idle", 1, count);
        using var reader = new StreamReader(client.StandardOutput, leaveOpen: true);
        var line = await reader.ReadLineAsync(cancellation).AsTask().WaitAsync(Deadline, cancellation);
        if (line != "holding")
        {
            throw new InvalidOperationException($"Holding {count} idle connections failed: {line} {client.Output}");
        }

        await whileHeld();
        client.StandardInput.Close();
        return Parse(await reader.ReadToEndAsync(cancellation).WaitAsync(Deadline, cancellation), client);
    }

    /// <summary>One scan of a plugin with one discoverer.</summary>
    public static async Task<MeasuredScan> ScanAsync(string type, string file, TimeSpan deadline, CancellationToken cancellation)
    {
        await using var scan = Start("discovery", "scan", type, "--config", file, "--json");
        using var reader = new StreamReader(scan.StandardOutput, leaveOpen: true);
        var text = await reader.ReadToEndAsync(cancellation).WaitAsync(deadline, cancellation);
        return text.Length > 0 && JsonSerializer.Deserialize<MeasuredScan>(text) is { } result ? result
            : throw new InvalidOperationException($"The scan of {type} gave no result. It wrote: {scan.Output}");
    }

    private static ChildProcess StartClient(int port, string measure, int streams, long amount)
        => Start("load-client", "--port", Text(port), "--measure", measure, "--streams", Text(streams), "--amount", Text(amount));

    private static ChildProcess Start(params string[] arguments)
        => ChildProcess.Start(
            Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
            [Library, .. arguments],
            handling: ChildOutput.Streamed);

    private static LoadResult Parse(string text, ChildProcess client)
        => text.Length > 0 && JsonSerializer.Deserialize<LoadResult>(text) is { } result ? result
            : throw new InvalidOperationException($"The load client gave no result. It wrote: {client.Output}");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
