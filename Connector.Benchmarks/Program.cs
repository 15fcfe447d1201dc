using System.CommandLine;
using Connector.Benchmarks.Comparison;
using Connector.Benchmarks.Discovery;
using Connector.Benchmarks.Load;
using Connector.Benchmarks.Micro;
using Connector.Benchmarks.Trials;

var root = new RootCommand("Measures the connector: side by side with other ways to reach a private service, and in the small.")
{
    CompareCommand.Create(),
    DiscoveryCommand.Create(),
    MicroCommand.Create(),
    TrialCommand.Create(),
    LoadServerCommand.Create(),
    LoadClientCommand.Create(),
};

// Contenders are separate processes that have to be ended, and their folders removed, also after Ctrl-C.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) };
return await root.Parse(args).InvokeAsync(invocation);
