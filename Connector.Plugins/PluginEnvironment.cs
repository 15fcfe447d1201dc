using System.Net;
using Connector.Protocol.Variables;

namespace Connector.Plugins;

/// <summary>What plugins see of the process and the network they run in; tests give them another one.</summary>
/// <param name="Forbids">
/// The rule that forbids an address to be dialled, in words for people; null when it may be. Asked about every address that a plugin's configuration, or a source
/// that it names, leads to. Called from many threads at once.
/// </param>
public sealed record PluginEnvironment(
    VariableResolver References, Func<string, string?> Variable, string Home, TimeProvider Time, Func<IPAddress, string?> Forbids)
{
    public static PluginEnvironment OfProcess(Func<IPAddress, string?> forbids) => new(
        VariableResolver.OfProcess, Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), TimeProvider.System, forbids);
}
