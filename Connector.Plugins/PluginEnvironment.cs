using Connector.Protocol.Variables;

namespace Connector.Plugins;

/// <summary>What plugins see of the process and the network they run in; tests give them another one.</summary>
public sealed record PluginEnvironment(VariableResolver References, Func<string, string?> Variable, string Home, TimeProvider Time)
{
    public static PluginEnvironment OfProcess { get; } = new(
        VariableResolver.OfProcess, Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), TimeProvider.System);
}
