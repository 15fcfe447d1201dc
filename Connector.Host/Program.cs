using Connector.Host.Commands;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Running;

// On a machine with two cores the pool starts with two threads and adds about one a second: a handler of one socket that blocks would
// starve all others. Threads that are not needed are never made.
ThreadPool.SetMinThreads(16, 16);

using var signals = new ShutdownSignals();
using var memory = new IdleMemory(TimeProvider.System);
return await CommandLine.RunAsync(args, HostEnvironment.OfProcess(), Roles.Real, signals.Stopping);
