using System.CommandLine;
using BenchmarkDotNet.Running;

namespace Connector.Benchmarks.Micro;

/// <summary><c>micro</c>: BenchmarkDotNet's own switcher over every benchmark of this project.</summary>
internal static class MicroCommand
{
    public static Command Create()
    {
        var command = new Command("micro", "Micro benchmarks (BenchmarkDotNet); what follows -- goes to it, as in: micro -- --filter '*' --job short.")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction(parsed =>
        {
            BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run([.. parsed.UnmatchedTokens]);
            return 0;
        });
        return command;
    }
}
