using System.Text.RegularExpressions;

namespace Connector.Protocol.Plugins;

internal static partial class KubernetesRules
{
    public static void Add(KubernetesDiscoveryConfiguration kubernetes, string path, List<string> problems)
    {
        if (kubernetes.KubernetesCredentials is { MasterUrl: { Length: > 0 } url } && !PluginRules.IsUrl(url, "http", "https"))
        {
            problems.Add($"{path}.kubernetes_credentials.master_url: must be an address that begins with https:// or http://");
        }

        if (!PluginRules.TooMany(kubernetes.Namespaces, $"{path}.namespaces", problems) && kubernetes.Namespaces is { IsDefault: false } names)
        {
            for (var i = 0; i < names.Length; i++)
            {
                if (names[i] is not { } name || !NamespaceName().IsMatch(name))
                {
                    problems.Add($"{path}.namespaces[{i}]: not the name of a namespace (lower-case letters, digits and dashes, at most 63)");
                }
            }
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\z")]
    private static partial Regex NamespaceName();
}
