using System.Collections.Immutable;
using Connector.Host.Running;
using Connector.Protocol.Variables;

namespace Connector.Host.Configuration;

/// <summary>What commands see of the process they run in; tests give them another one.</summary>
public sealed record HostEnvironment(ImmutableDictionary<string, string> Variables, string Home, TextWriter Output, TextWriter Error, TimeProvider Time)
{
    /// <summary>Cancelled by the second request to stop: what still runs is left as it is.</summary>
    public CancellationToken AtOnce { get; init; }

    public VariableResolver References => new(Variable, Home);

    public static HostEnvironment OfProcess()
    {
        var variables = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            variables[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        return new HostEnvironment(
            variables.ToImmutable(), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), new TolerantWriter(Console.Out),
            new TolerantWriter(Console.Error), TimeProvider.System);
    }

    /// <summary>Null when it is not set or empty.</summary>
    public string? Variable(string name) => Variables.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    public bool WantsDebug => Variable(EnvironmentNames.LogLevel) is { } level && LogLevels.Known(level) == "debug";
}
