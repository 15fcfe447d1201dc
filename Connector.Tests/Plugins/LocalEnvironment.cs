using System.Net;
using Connector.Actors.Reach;
using Connector.Plugins;
using Connector.Protocol.Variables;

namespace Connector.Tests.Plugins;

/// <summary>An environment that has nothing of the machine's but the clock.</summary>
internal static class LocalEnvironment
{
    public static PluginEnvironment With(IReadOnlyDictionary<string, string>? variables = null, string home = "/nonexistent", TimeProvider? time = null, Func<IPAddress, string?>? forbids = null)
    {
        var values = variables ?? new Dictionary<string, string>();
        return new PluginEnvironment(new VariableResolver(values.GetValueOrDefault, home), values.GetValueOrDefault, home, time ?? TimeProvider.System, forbids ?? ReachPolicy.Floor.Forbids);
    }
}
