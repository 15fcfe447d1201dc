using System.CommandLine;
using BenchmarkDotNet.Running;

namespace Connector.Benchmarks.Micro;

/// <summary><c>micro</c>: BenchmarkDotNet's own switcher over every benchmark of this project, and what it cannot measure as verbs beside it.</summary>
internal static class MicroCommand
{
    public static Command Create()
    {
        var command = new Command("micro", "Micro benchmarks (BenchmarkDotNet); what follows -- goes to it, as in: micro -- --filter '*' --job short.")
        {
            ChunkAllocationsCommand.Create(),
            IdleMemoryCommand.Create(),
        };
        command.TreatUnmatchedTokensAsErrors = false;

        // In this process: a generated project would be built under our own warnings-as-errors.
        command.SetAction(parsed =>
        {
            BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run([.. parsed.UnmatchedTokens, "--inProcess"]);
            return 0;
        });
        return command;
    }
}
