using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Connector.Host.Running;

/// <summary>Local log output of a process: one line per record on standard error.</summary>
internal static class ProcessLogging
{
    /// <param name="start">Ended by the caller once the host has started.</param>
    public static void Add(ILoggingBuilder logging, string level, StartPhase start)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;

            // A terminal or pipe that nobody reads must not stop the relay.
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
            console.MaxQueueLength = 10_000;
        });
        var minimum = LevelOf(level);

        // The level is for this output only: what is shipped to the control plane does not depend on it.
        logging.SetMinimumLevel(minimum < LogLevel.Information ? minimum : LogLevel.Information);
        logging.AddFilter<ConsoleLoggerProvider>(null, minimum);

        // Frameworks speak of every request at info, and of every disconnected peer as an error.
        var quiet = minimum == LogLevel.Debug ? LogLevel.Information : LogLevel.Warning;
        var shown = minimum > quiet ? minimum : quiet;
        foreach (var category in (ReadOnlySpan<string>)["Microsoft", "Grpc", "System", "Akka.Hosting"])
        {
            logging.AddFilter(category, quiet);
            logging.AddFilter<ConsoleLoggerProvider>(category, shown);
        }

        foreach (var category in (ReadOnlySpan<string>)["Microsoft.Extensions.Hosting", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"])
        {
            logging.AddFilter<ConsoleLoggerProvider>(category, found => found >= shown && (start.IsOver || minimum == LogLevel.Debug));
        }

        logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Critical);
        logging.AddFilter<ConsoleLoggerProvider>("Microsoft.EntityFrameworkCore", LogLevel.Critical);
    }

    private static LogLevel LevelOf(string level) => level switch
    {
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "error" => LogLevel.Error,
        _ => LogLevel.Warning,
    };
}
