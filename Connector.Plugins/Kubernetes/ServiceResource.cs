using System.Collections.Immutable;
using Connector.Protocol.Discovery;
using k8s.Models;

namespace Connector.Plugins.Kubernetes;

internal static class ServiceResource
{
    public static KubernetesServiceDetails Details(V1Service service) => new()
    {
        Namespace = service.Metadata?.NamespaceProperty ?? "",
        Name = service.Metadata?.Name ?? "",
        Uid = service.Metadata?.Uid ?? "",
        ServiceType = service.Spec?.Type ?? "ClusterIP",
        ExternalName = Text(service.Spec?.ExternalName),
        LoadBalancerIp = Balancer(service),
        ClusterIp = service.Spec?.ClusterIP ?? "",
        ClusterIps = [.. (service.Spec?.ClusterIPs ?? []).Where(static address => address is not null)],
        Ports = [.. (service.Spec?.Ports ?? []).Where(static port => port is not null).Select(Port)],
        Labels = Sorted(service.Metadata?.Labels),
        Annotations = Sorted(service.Metadata?.Annotations),
    };

    private static KubernetesServiceDetails.ServicePort Port(V1ServicePort port) => new()
    {
        Name = Text(port.Name),
        Protocol = Text(port.Protocol),
        AppProtocol = Text(port.AppProtocol),
        Port = port.Port,
        TargetPort = Text(port.TargetPort?.ToString()),
        NodePort = port.NodePort is > 0 ? port.NodePort : null,
    };

    // What was assigned goes before what was asked for. Balancers of some clouds have only a name.
    private static string? Balancer(V1Service service)
    {
        var assigned = service.Status?.LoadBalancer?.Ingress?.FirstOrDefault();
        return Text(assigned?.Ip) ?? Text(assigned?.Hostname) ?? Text(service.Spec?.LoadBalancerIP);
    }

    private static string? Text(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static ImmutableSortedDictionary<string, string> Sorted(IDictionary<string, string>? entries)
        => (entries ?? ImmutableDictionary<string, string>.Empty).ToImmutableSortedDictionary(
            static entry => entry.Key, static entry => entry.Value ?? "", StringComparer.Ordinal);
}
