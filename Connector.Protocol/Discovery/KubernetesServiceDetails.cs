using System.Collections.Immutable;

namespace Connector.Protocol.Discovery;

public sealed record KubernetesServiceDetails : ResourceDetails
{
    public string Namespace { get; init; } = "";

    public string Name { get; init; } = "";

    public string Uid { get; init; } = "";

    public string ServiceType { get; init; } = "";

    public string? ExternalName { get; init; }

    public string? LoadBalancerIp { get; init; }

    public string ClusterIp { get; init; } = "";

    public ImmutableArray<string> ClusterIps { get; init; } = [];

    public ImmutableArray<ServicePort> Ports { get; init; } = [];

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableSortedDictionary<string, string> Annotations { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    internal override string Identity => Uid;

    internal override string DisplayName => $"{Name}.{Namespace}";

    public sealed record ServicePort
    {
        public string? Name { get; init; }

        public string? Protocol { get; init; }

        public string? AppProtocol { get; init; }

        public int Port { get; init; }

        /// <summary>Number or name.</summary>
        public string? TargetPort { get; init; }

        public int? NodePort { get; init; }
    }
}
