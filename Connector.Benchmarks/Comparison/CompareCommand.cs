using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using Connector.Benchmarks.Contenders;

namespace Connector.Benchmarks.Comparison;

/// <summary><c>compare</c>: every contender in turn, several rounds, so that a machine that slows down hits all of them alike.</summary>
internal static class CompareCommand
{
    private static readonly IContender[] All = [new DirectLoopback(), new HaProxyPair(), new StunnelPair(), new SshReverse(), new Ours()];

    public static Command Create()
    {
        var runs = new Option<int>("--runs") { Description = "Rounds; the table shows medians.", DefaultValueFactory = _ => 5 };
        runs.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--runs must be at least 1.");
            }
        });
        var quick = new Option<bool>("--quick") { Description = "An eighth of the traffic: a look, not a measurement." };
        var only = new Option<string?>("--only") { Description = $"Some of {string.Join(',', All.Select(c => c.Key))}." };
        var json = new Option<FileInfo?>("--json") { Description = "Also write every single run to this file." };
        var command = new Command("compare", "The connector beside other ways to reach a service: throughput, latency, connection rate, CPU, memory.")
        {
            runs, quick, only, json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(runs), parsed.GetValue(quick) ? Amounts.Quick : Amounts.Full, parsed.GetValue(only), parsed.GetValue(json), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(int runs, Amounts amounts, string? only, FileInfo? json, CancellationToken cancellation)
    {
        var wanted = only?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [.. All.Select(c => c.Key)];
        if (wanted.Except(All.Select(c => c.Key)).ToArray() is { Length: > 0 } unknown)
        {
            await Console.Error.WriteLineAsync($"Unknown contender: {string.Join(", ", unknown)}. There are: {string.Join(", ", All.Select(c => c.Key))}.");
            return 2;
        }

        var contenders = All.Where(c => wanted.Contains(c.Key) && IsInstalled(c)).ToArray();
        var samples = contenders.ToDictionary(c => c, _ => new List<Sample>());
        var remarks = new Dictionary<IContender, string>();
        try
        {
            var (server, target) = await LoadProgram.StartServerAsync(cancellation);
            await using (server)
            {
                for (var run = 1; run <= runs; run++)
                {
                    foreach (var contender in contenders)
                    {
                        await Console.Error.WriteLineAsync($"run {run}/{runs}: {contender.Title}");
                        await MeasureAsync(contender, target, amounts, samples[contender], remarks, cancellation);
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped. What was started has been ended, its folders are removed.");
            return 130;
        }

        var rows = contenders.Where(c => samples[c].Count > 0).Select(c => (c.Title, Median: Sample.MedianOf(samples[c]), Contender: c)).ToList();
        Print(rows, remarks, runs, amounts);
        if (json is not null)
        {
            await File.WriteAllTextAsync(json.FullName, JsonSerializer.Serialize(
                samples.ToDictionary(pair => pair.Key.Key, pair => pair.Value),
                new JsonSerializerOptions { WriteIndented = true, NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals }),
                cancellation);
        }

        return rows.Count == contenders.Length ? 0 : 1;
    }

    private static bool IsInstalled(IContender contender)
    {
        if (contender.Missing() is not { } remedy)
        {
            return true;
        }

        Console.Error.WriteLine($"{contender.Title} is not there, going on without it. To have it in the comparison: {remedy}");
        return false;
    }

    private static async Task MeasureAsync(
        IContender contender, int target, Amounts amounts, List<Sample> samples, Dictionary<IContender, string> remarks, CancellationToken cancellation)
    {
        try
        {
            await using var running = await contender.StartAsync(target, cancellation);
            samples.Add(await ContenderRun.MeasureAsync(running, amounts, cancellation));
            if (running.Remark is { } remark)
            {
                remarks[contender] = remark;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"  {contender.Title} failed and is left out of this run: {e.Message}");
        }
    }

    private static void Print(
        IReadOnlyList<(string Title, Sample Median, IContender Contender)> rows, Dictionary<IContender, string> remarks, int runs, Amounts amounts)
    {
        var medians = rows.Select(row => (row.Title, row.Median)).ToList();
        Console.WriteLine($"Medians of {runs}, {DateTime.UtcNow:yyyy-MM-dd}; {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}.");
        Console.WriteLine($"{amounts.TransferBytes >> 20} MiB per transfer, {amounts.RoundTrips} round trips, {amounts.IdleConnections} idle connections; load and contender share the machine.");
        foreach (var (contender, remark) in remarks)
        {
            Console.WriteLine($"{contender.Title}: {remark}.");
        }

        Console.WriteLine();
        Console.WriteLine(ComparisonTable.Medians(medians));
        if (rows.Count > 1)
        {
            var subject = rows.FirstOrDefault(row => row.Contender is Ours);
            subject = subject.Contender is null ? rows[0] : subject;
            Console.WriteLine(ComparisonTable.Ratios(subject.Title, subject.Median, [.. medians.Where(row => row.Title != subject.Title)]));
        }

        if (rows.FirstOrDefault(row => row.Contender is Ours) is { Contender: not null } ours)
        {
            Console.WriteLine(ComparisonTable.Targets(ours.Median, rows.ToDictionary(row => row.Contender.Key, row => row.Median)));
            Console.WriteLine("Allocation per relayed chunk (at most 256 bytes) is measured apart: micro chunk-allocations.");
        }
    }
}
