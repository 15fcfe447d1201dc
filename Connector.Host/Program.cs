using Connector.Actors.Registration;
using Connector.Host.Commands;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Running;

// Every role needs it, and from its start; a replica may ask for more.
ThreadReserve.Keep(ThreadReserve.Usual);

using var signals = new ShutdownSignals();
using var memory = new IdleMemory(TimeProvider.System);
return await CommandLine.RunAsync(args, HostEnvironment.OfProcess(), Roles.Real, signals.Stopping);
