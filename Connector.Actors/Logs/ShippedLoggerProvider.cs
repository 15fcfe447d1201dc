using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Connector.Actors.Logs;

/// <summary>Feeds the log shipper from Microsoft logging. Never blocks and never throws into the caller.</summary>
[ProviderAlias("Shipped")]
public sealed class ShippedLoggerProvider : ILoggerProvider, ISupportExternalScope
{
    private readonly LogInlet inlet;
    private readonly TimeProvider time;
    private readonly LogLevel minimumLevel;
    private IExternalScopeProvider scopes = new LoggerExternalScopeProvider();

    public ShippedLoggerProvider(LogInlet inlet, TimeProvider time, LogLevel minimumLevel = LogLevel.Information)
    {
        this.inlet = inlet;
        this.time = time;
        this.minimumLevel = minimumLevel;
    }

    public ILogger CreateLogger(string categoryName)
        => LocalOnly.IsLocal(categoryName) ? NullLogger.Instance : new ShippedLogger(this);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

    public void Dispose()
    {
        // Holds nothing; the inlet belongs to the replica.
    }

    private sealed class ShippedLogger(ShippedLoggerProvider owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => owner.scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= owner.minimumLevel && logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;

            // The record's own fields first: they win over those of the scopes around it.
            var fields = new Fields();
            if (state is IEnumerable<KeyValuePair<string, object?>> own)
                fields.AddRange(own);
            owner.scopes.ForEachScope(static (scope, collected) => collected.AddScope(scope), fields);
            if (!fields.Local)
                owner.inlet.Add(LogRecordWriter.Write(owner.time.GetUtcNow(), logLevel, formatter(state, exception), exception, fields));
        }
    }

    private sealed class Fields : List<KeyValuePair<string, object?>>
    {
        public bool Local { get; private set; }

        public void AddScope(object? scope)
        {
            if (ReferenceEquals(scope, LocalOnly.Scope))
                Local = true;
            else if (scope is IEnumerable<KeyValuePair<string, object?>> fields)
                AddRange(fields);
        }
    }
}
