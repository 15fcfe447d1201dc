using System.Collections.Immutable;

namespace Connector.Host.Configuration;

/// <summary>The section <c>cluster</c> of connector.yaml as it stands in the file.</summary>
/// <param name="Name">A label for people; the group is that of the connector.</param>
internal sealed record ClusterFile(
    string? Name, string? Bind, string? Advertised, ImmutableArray<string>? Peers, string? Certificate, string? Key, string? Authority)
{
    /// <summary>Null when the file has no such section.</summary>
    public static ClusterFile? Read(YamlSection file)
    {
        var cluster = file.Section("cluster");
        if (!cluster.IsPresent)
        {
            return null;
        }

        var tls = cluster.Section("tls");
        var read = new ClusterFile(
            cluster.Text("name"), cluster.Text("bind"), cluster.Text("advertised"), cluster.Texts("peers"),
            tls.Text("certificate"), tls.Text("key"), tls.Text("ca"));
        tls.RefuseUnknownKeys();
        cluster.RefuseUnknownKeys();
        return read;
    }
}
