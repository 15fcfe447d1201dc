using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using Akka.Hosting.Logging;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Connector.Server.Hosting;

/// <summary>Hands what actors log to Microsoft logging under the class that logs, without the time and thread that the output adds itself.</summary>
internal sealed class ActorLogger : ReceiveActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private readonly ILoggerFactory factory;
    private readonly Dictionary<Type, ILogger> loggers = [];

    public ActorLogger()
    {
        factory = Context.System.Settings.Setup.Get<LoggerFactorySetup>().Value.LoggerFactory;
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
        var source = e.LogClass ?? typeof(ActorSystem);
        if (!loggers.TryGetValue(source, out var logger))
            loggers.Add(source, logger = factory.CreateLogger(source));
        if (logger.IsEnabled(level))
            logger.Log(level, default, e.Message, e.Cause, static (message, _) => message?.ToString() ?? "");
    }
}
