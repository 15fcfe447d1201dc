using Connector.Actors.Registration;
using Connector.Host.Commands;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Running;

// Every role needs it, and from its start; a replica may ask for more.
ThreadReserve.Keep(ThreadReserve.Usual);

var environment = HostEnvironment.OfProcess();
var supervised = environment.Variable(ParentWatch.Variable) == ParentWatch.ByStandardInput;
var signals = new ShutdownSignals(supervised, ProcessEnd.Now);
if (supervised)
{
    ParentWatch.Start(Console.OpenStandardInput(), signals.StopAtOnce);
}

using var memory = new IdleMemory(TimeProvider.System);
var exitCode = await CommandLine.RunAsync(args, environment with { AtOnce = signals.AtOnce }, Roles.Real, signals.Stopping);

// Never disposed of: a request that comes during the last steps of the process must not end it by the system's default, with another exit code.
GC.KeepAlive(signals);
return exitCode;
