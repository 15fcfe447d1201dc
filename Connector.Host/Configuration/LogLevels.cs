using Microsoft.Extensions.Logging;

namespace Connector.Host.Configuration;

/// <summary>Values of <c>log_level</c> and BORDER0_LOG_LEVEL.</summary>
public static class LogLevels
{
    public const string Default = "info";
    public const string Names = "debug, info, warn, error";

    /// <summary>The level in lower case, or null.</summary>
    public static string? Known(string text) => text.ToLowerInvariant() switch
    {
        "debug" => "debug",
        "info" => "info",
        "warn" or "warning" => "warn",
        "error" => "error",
        _ => null,
    };

    public static LogLevel ToLogLevel(string level) => level switch
    {
        "debug" => LogLevel.Debug,
        "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        _ => LogLevel.Information,
    };
}
