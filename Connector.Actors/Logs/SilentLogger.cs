using Akka.Event;

namespace Connector.Actors.Logs;

/// <summary>
/// Stands in for Akka's logger to standard output, which announces itself there when an actor system ends, whatever <c>stdout-loglevel</c> says.
/// </summary>
internal sealed class SilentLogger : MinimalLogger
{
    protected override void Log(object message)
    {
    }
}
