using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Connector.Protocol.Discovery;

/// <summary>Where the service of a discovered resource accepts TCP connections, seen from the connector that found it.</summary>
public static class ResourceEndpoints
{
    /// <summary>Tried where a source does not say what its machines serve.</summary>
    public static readonly ImmutableArray<int> UsualPorts = [22, 80, 443, 3306, 5432, 8080, 8443];

    private const int Https = 443;
    private const int Most = 64;

    /// <summary>The likeliest first; empty when the source does not say any.</summary>
    public static ImmutableArray<DnsEndPoint> Of(DiscoveredResource resource) => [.. All(resource.Details).Distinct().Take(Most)];

    private static IEnumerable<DnsEndPoint> All(ResourceDetails details) => details switch
    {
        NetworkServerDetails server => Port(server.Port) is { } port ? At(server.IpAddress, port) : [],
        AwsRdsInstanceDetails rds => At(rds.EndpointAddress, rds.EndpointPort),
        AwsEc2InstanceDetails ec2 => new[] { ec2.PrivateIpAddress, ec2.PublicIpAddress, ec2.Ipv6Address ?? "" }.SelectMany(static address => UsualPorts.SelectMany(port => At(address, port))),
        AwsEksClusterDetails eks => Uri.TryCreate(eks.Endpoint, UriKind.Absolute, out var url) ? At(url.IdnHost, url.IsDefaultPort ? Https : url.Port) : [],
        DockerContainerDetails container => container.PortBindings.Where(static binding => binding.Value.EndsWith("/tcp", StringComparison.Ordinal)).SelectMany(binding => Published(binding.Key, container.EngineHost)),
        KubernetesServiceDetails service => service.Ports.Where(static port => port.Protocol is null or "TCP").SelectMany(port => Hosts(service).SelectMany(host => At(host, port.Port))),
        _ => [],
    };

    private static IEnumerable<DnsEndPoint> At(string host, int port)
        => host.Length > 0 && host.Length <= 253 && port is >= 1 and <= IPEndPoint.MaxPort ? [new DnsEndPoint(host, port)] : [];

    private static IEnumerable<DnsEndPoint> Published(string hostAndPort, string? engineHost)
    {
        var colon = hostAndPort.LastIndexOf(':');
        if (colon < 0 || Port(hostAndPort[(colon + 1)..]) is not { } port)
        {
            return [];
        }

        // Every address of the host: this one is at hand. What another machine publishes on its own loopback is for nobody here.
        return hostAndPort[..colon].Trim('[', ']') switch
        {
            "0.0.0.0" or "" => At(engineHost ?? IPAddress.Loopback.ToString(), port),
            "::" => At(engineHost ?? IPAddress.IPv6Loopback.ToString(), port),
            var host when engineHost is not null && IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address) => [],
            var host => At(host, port),
        };
    }

    private static IEnumerable<string> Hosts(KubernetesServiceDetails service)
    {
        foreach (var address in service.ClusterIps.IsDefaultOrEmpty ? [service.ClusterIp] : service.ClusterIps)
        {
            if (IPAddress.TryParse(address, out var parsed) && parsed.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6)
            {
                yield return address;
            }
        }

        foreach (var other in new[] { service.ExternalName, service.LoadBalancerIp })
        {
            if (other is { Length: > 0 })
            {
                yield return other;
            }
        }
    }

    private static int? Port(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : null;
}
