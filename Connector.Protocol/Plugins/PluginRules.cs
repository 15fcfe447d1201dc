using System.Collections.Immutable;

namespace Connector.Protocol.Plugins;

/// <summary>What must hold for a plugin's configuration. Problems begin with the JSON path.</summary>
internal static class PluginRules
{
    /// <summary>A week.</summary>
    public const int LongestInterval = 7 * 24 * 60;

    private const int MostEntries = 100;

    /// <param name="strict">Else only what could not be run at all.</param>
    public static IReadOnlyList<string> Problems(IPluginConfiguration configuration, string path, bool strict)
    {
        var problems = new List<string>();
        if (configuration.ScanIntervalMinutes is not (>= 1 and <= LongestInterval))
        {
            problems.Add($"{path}.scan_interval_minutes: must be a whole number from 1 to {LongestInterval}");
        }

        if (!strict)
        {
            return problems;
        }

        switch (configuration)
        {
            case AwsDiscoveryConfiguration aws:
                Filters(aws.IncludeWithTags, $"{path}.include_with_tags", problems);
                Filters(aws.ExcludeWithTags, $"{path}.exclude_with_tags", problems);
                AwsRules.Add(aws, path, problems);
                break;
            case DockerDiscoveryConfiguration docker:
                Filters(docker.IncludeWithLabels, $"{path}.include_with_labels", problems);
                Filters(docker.ExcludeWithLabels, $"{path}.exclude_with_labels", problems);
                if (docker.DockerHost is { Length: > 0 } host && !IsUrl(host, "unix", "tcp", "http", "https"))
                {
                    problems.Add($"{path}.docker_host: must be an address such as unix:///var/run/docker.sock or tcp://host:2375");
                }

                break;
            case KubernetesDiscoveryConfiguration kubernetes:
                Filters(kubernetes.IncludeWithLabels, $"{path}.include_with_labels", problems);
                Filters(kubernetes.ExcludeWithLabels, $"{path}.exclude_with_labels", problems);
                KubernetesRules.Add(kubernetes, path, problems);
                break;
            case NetworkDiscoveryConfiguration network:
                NetworkRules.Add(network, path, problems);
                break;
        }

        return problems;
    }

    public static bool IsUrl(string text, params ReadOnlySpan<string> schemes)
        => Uri.TryCreate(text, UriKind.Absolute, out var url) && schemes.Contains(url.Scheme);

    /// <summary>An entry too many.</summary>
    public static bool TooMany<T>(ImmutableArray<T>? list, string path, List<string> problems)
    {
        if (list is not { IsDefault: false, Length: > MostEntries })
        {
            return false;
        }

        problems.Add($"{path}: has {list.Value.Length} entries, {MostEntries} are the most");
        return true;
    }

    private static void Filters(ImmutableDictionary<string, ImmutableArray<string>>? filters, string path, List<string> problems)
    {
        if (filters is { Count: > MostEntries })
        {
            problems.Add($"{path}: has {filters.Count} entries, {MostEntries} are the most");
        }
        else if (filters?.FirstOrDefault(static entry => entry.Key.Length == 0).Value is { IsDefault: false })
        {
            problems.Add($"{path}: a key is empty");
        }
    }
}
