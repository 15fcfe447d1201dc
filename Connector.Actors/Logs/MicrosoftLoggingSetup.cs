using Akka.Actor.Setup;
using Microsoft.Extensions.Logging;

namespace Connector.Actors.Logs;

/// <summary>Carries the logger factory into an actor system, for <see cref="MicrosoftLoggingBridge"/>.</summary>
internal sealed class MicrosoftLoggingSetup(ILoggerFactory factory) : Setup
{
    public ILoggerFactory Factory { get; } = factory;
}
