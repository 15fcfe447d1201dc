using System.Globalization;
using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Connector.Actors.Logs;

/// <summary>
/// Hands the actor system's log events to Microsoft logging with their named fields, under the category of the class that logs. Akka.Hosting's
/// own bridge uses one category for all, so that nothing could be kept local by category.
/// </summary>
internal sealed class MicrosoftLoggingBridge : ReceiveActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private readonly ILoggerFactory factory;
    private readonly Dictionary<string, ILogger> loggers = new(StringComparer.Ordinal);

    // Categories are classes and fixed names; should a source turn out to be made up per actor, it must not fill the memory.
    private const int MostLoggers = 512;

    public MicrosoftLoggingBridge()
    {
        factory = Context.System.Settings.Setup.Get<MicrosoftLoggingSetup>().Select(s => s.Factory).GetOrElse(null!)
            ?? throw new InvalidOperationException("the actor system was started without a MicrosoftLoggingSetup");
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(Write);
    }

    private void Write(LogEvent e)
    {
        var level = e.LogLevel() switch
        {
            Akka.Event.LogLevel.DebugLevel => LogLevel.Debug,
            Akka.Event.LogLevel.InfoLevel => LogLevel.Information,
            Akka.Event.LogLevel.WarningLevel => LogLevel.Warning,
            _ => LogLevel.Error,
        };
        var logger = LoggerOf(CategoryOf(e));
        if (logger.IsEnabled(level))
            logger.Log(level, default, new AkkaLogState(e), e.Cause, static (state, _) => state.ToString());
    }

    // A logger made for a name has that name as its source; one made for an actor has the actor's path there, and its class.
    private static string CategoryOf(LogEvent e)
        => e.LogSource.StartsWith("akka", StringComparison.Ordinal) || !e.LogSource.Contains("Connector.", StringComparison.Ordinal)
            ? e.LogClass?.FullName ?? "Akka"
            : SourceName(e.LogSource);

    // Akka writes "Name (akka://system)".
    private static string SourceName(string source)
    {
        var end = source.IndexOf('(', StringComparison.Ordinal);
        return (end > 0 ? source[..end] : source).Trim();
    }

    private ILogger LoggerOf(string category)
    {
        if (loggers.TryGetValue(category, out var logger))
            return logger;
        logger = factory.CreateLogger(category);
        if (loggers.Count < MostLoggers)
            loggers[category] = logger;
        return logger;
    }

    /// <summary>The fields of the event, and the actor that logged.</summary>
    private sealed class AkkaLogState : List<KeyValuePair<string, object?>>
    {
        private readonly string text;

        public AkkaLogState(LogEvent e)
        {
            text = Convert.ToString(e.Message, CultureInfo.InvariantCulture) ?? "";
            if (e.TryGetProperties(out var properties) && properties is not null)
            {
                foreach (var (name, value) in properties)
                    Add(new KeyValuePair<string, object?>(name, value));
            }
        }

        public override string ToString() => text;
    }
}
