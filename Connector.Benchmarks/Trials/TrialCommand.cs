using System.CommandLine;
using Connector.Benchmarks.Trials.Churn;
using Connector.Benchmarks.Trials.Cuts;
using Connector.Benchmarks.Trials.Freeze;
using Connector.Benchmarks.Trials.Groups;
using Connector.Benchmarks.Trials.Namespaces;
using Connector.Benchmarks.Trials.Upstream;

namespace Connector.Benchmarks.Trials;

/// <summary><c>trial NAME</c>: long trials of the real executable under faults. A limit that is missed makes the exit code 1.</summary>
internal static class TrialCommand
{
    // Reading the output of ssh and psql occupies a thread each.
    private const int Threads = 128;

    private static readonly ITrial[] All = [new CutsTrial(), new FreezeTrial(), new ChurnTrial(), new UpstreamTrial(), new NamespacesTrial(), new GroupNetnsTrial()];

    public static Command Create()
    {
        var command = new Command("trial", "Long trials of server and replica as processes, under faults; see docs/trials.md.");
        foreach (var trial in All)
        {
            command.Add(Create(trial));
        }

        return command;
    }

    private static Command Create(ITrial trial)
    {
        var seed = new Option<int>("--seed") { Description = "Of every random choice.", DefaultValueFactory = _ => 1 };
        var streams = AtLeast(1, new Option<int?>("--streams") { Description = $"Live streams, or at a time (default {trial.Usual.Streams}; --quick {trial.Quick.Streams})." });
        var cuts = AtLeast(0, new Option<int?>("--cuts") { Description = $"Faults, or opens for churn (default {trial.Usual.Cuts}; --quick {trial.Quick.Cuts})." });
        var seconds = AtLeast(1, new Option<int?>("--seconds")
        {
            Description = $"Longest cut, longest freeze, or load without cuts (default {trial.Usual.Seconds}; --quick {trial.Quick.Seconds}).",
        });
        var quick = new Option<bool>("--quick") { Description = "A look of less than two minutes, not a proof." };
        var controlToo = new Option<bool>("--control-too") { Description = "Cut the control session as well." };
        var command = new Command(trial.Name, trial.Description) { seed, streams, cuts, seconds, quick };
        if (trial is CutsTrial)
        {
            command.Add(controlToo);
        }

        command.SetAction((parsed, cancellation) =>
        {
            var usual = parsed.GetValue(quick) ? trial.Quick : trial.Usual;
            return RunAsync(
                trial,
                usual with
                {
                    Seed = parsed.GetValue(seed),
                    Streams = parsed.GetValue(streams) ?? usual.Streams,
                    Cuts = parsed.GetValue(cuts) ?? usual.Cuts,
                    Seconds = parsed.GetValue(seconds) ?? usual.Seconds,
                    ControlToo = trial is CutsTrial && parsed.GetValue(controlToo),
                },
                cancellation);
        });
        return command;
    }

    private static Option<int?> AtLeast(int least, Option<int?> option)
    {
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() < least)
            {
                result.AddError($"{option.Name} must be at least {least}.");
            }
        });
        return option;
    }

    private static async Task<int> RunAsync(ITrial trial, TrialOptions options, CancellationToken cancellation)
    {
        if (trial.Missing() is { } missing)
        {
            await Console.Error.WriteLineAsync($"The trial {trial.Name} cannot run here: {missing}");
            return 2;
        }

        ThreadPool.SetMinThreads(Threads, Threads);
        var report = new TrialReport(trial.Name, options);
        try
        {
            await trial.RunAsync(options, report, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped. What was started has been ended, its folders are removed.");
            return 130;
        }

        Console.WriteLine(report.ToMarkdown());
        return report.IsPassed ? 0 : 1;
    }
}
