using Connector.Host.Commands;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Running;

// On a machine with two cores the pool starts with two threads and adds about one a second: a handler of one socket that blocks would
// starve all others. Threads that are not needed are never made.
ThreadPool.SetMinThreads(16, 16);

var environment = HostEnvironment.OfProcess();
var supervised = environment.Variable(ParentWatch.Variable) == ParentWatch.ByStandardInput;
using var signals = new ShutdownSignals(supervised, Environment.Exit);
if (supervised)
{
    ParentWatch.Start(Console.OpenStandardInput(), signals.StopAtOnce);
}

using var memory = new IdleMemory(TimeProvider.System);
return await CommandLine.RunAsync(args, environment with { AtOnce = signals.AtOnce }, Roles.Real, signals.Stopping);
