using System.Collections.Immutable;
using System.Globalization;
using Connector.Protocol.Discovery;
using Docker.DotNet.Models;

namespace Connector.Plugins.Docker;

internal static class ContainerResource
{
    /// <param name="engineHost">Null: this machine.</param>
    public static DockerContainerDetails Details(ContainerListResponse container, string? engineHost) => new()
    {
        EngineHost = engineHost,
        ContainerId = container.ID ?? "",
        // Not the text for people ("Up 5 minutes"): that is another one in each scan.
        Status = container.State ?? "",
        Image = container.Image ?? "",
        Names = [.. (container.Names ?? []).Where(static name => !string.IsNullOrEmpty(name)).Select(static name => name.StartsWith('/') ? name : $"/{name}")],
        PortBindings = Bindings(container.Ports ?? []),
        Labels = (container.Labels ?? ImmutableDictionary<string, string>.Empty).ToImmutableSortedDictionary(
            static label => label.Key, static label => label.Value ?? "", StringComparer.Ordinal),
    };

    // Where the same port is published for both protocols, TCP is the one that a socket can reach.
    private static ImmutableSortedDictionary<string, string> Bindings(IEnumerable<PortSummary> ports)
    {
        var bindings = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var port in ports)
        {
            if (port is not { PublicPort: > 0, IP: { Length: > 0 } ip })
            {
                continue;
            }

            var address = ip.Contains(':', StringComparison.Ordinal) ? $"[{ip.Trim('[', ']')}]" : ip;
            var binding = string.Create(CultureInfo.InvariantCulture, $"{address}:{port.PublicPort}");
            if (port.Type == "tcp" || !bindings.ContainsKey(binding))
            {
                bindings[binding] = string.Create(CultureInfo.InvariantCulture, $"{port.PrivatePort}/{port.Type}");
            }
        }

        return bindings.ToImmutable();
    }
}
