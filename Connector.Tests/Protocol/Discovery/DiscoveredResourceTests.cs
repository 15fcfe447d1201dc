using System.Collections.Immutable;
using System.Text.Json;
using Connector.Protocol.Discovery;
using Xunit;

namespace Connector.Tests.Protocol.Discovery;

[Trait("kind", Kinds.Pure)]
public sealed class DiscoveredResourceTests
{
    [Fact]
    public void Resource_of_the_format_has_the_names_of_the_reference()
    {
        var resource = new DiscoveredResource(
            ResourceTypes.NetworkSshServer, new NetworkServerDetails { IpAddress = "10.0.0.7", Port = "22", Hostnames = ["db.internal"] });
        Assert.Equal(
            """{"resource_type":"network_ssh_server","network_ssh_server_details":{"hostnames":["db.internal"],"ip_address":"10.0.0.7","port":"22"}}""",
            resource.ToJson().ToJsonString());
        Assert.Equal(("network_ssh_server 10.0.0.7:22", "db.internal:22"), (resource.Identity, resource.Name));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_reads_what_it_writes(string type)
    {
        var resource = new DiscoveredResource(type, Sample(type));
        var json = JsonSerializer.SerializeToElement(resource.ToJson());
        var read = DiscoveredResource.Read(json, out var problem);
        Assert.Null(problem);
        Assert.Equal(resource.Identity, read!.Identity);
        Assert.True(JsonElement.DeepEquals(json, JsonSerializer.SerializeToElement(read.ToJson())));
        Assert.Throws<ArgumentException>(() => new DiscoveredResource(type, new Other()));
    }

    [Theory]
    [InlineData("[]", "resource_type: missing")]
    [InlineData("""{"resource_type":7}""", "resource_type: missing")]
    [InlineData("""{"resource_type":"toaster"}""", "not a type that this version knows")]
    [InlineData("""{"resource_type":"docker_container"}""", "docker_container_details: missing")]
    [InlineData("""{"resource_type":"docker_container","docker_container_details":{"names":{}}}""", "docker_container_details.names")]
    public void What_is_not_a_resource_is_named(string json, string expected)
    {
        Assert.Null(DiscoveredResource.Read(JsonElement.Parse(json), out var problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_texts_come_out_harmless_and_bounded()
    {
        var tags = Enumerable.Range(0, 10_000).ToImmutableSortedDictionary(static i => $"k{i}", static _ => "v")
            .Add("\u001b[31m", "a\u0007b\u202ec").Add("long", new string('x', 1_000_000)).Add("half", "\ud800!");
        var resource = new DiscoveredResource(ResourceTypes.AwsEc2Instance, new AwsEc2InstanceDetails { AwsArn = "arn:1", InstanceId = "\u0000", Tags = tags });
        var json = resource.ToJson().ToJsonString();
        Assert.InRange(json.Length, 1, 20_000);

        var bounded = ResourceBounds.Text("a\u0007b\u202ec\ud800d" + new string('x', 5_000));
        Assert.StartsWith("a\uFFFDb\uFFFDc\uFFFDd", bounded, StringComparison.Ordinal);
        Assert.Equal(ResourceBounds.LongestText, bounded.Length);
        Assert.Equal("Zürich 😀 東京", ResourceBounds.Text("Zürich 😀 東京"));
    }

    public static TheoryData<string> Types() => [.. ResourceTypes.All];

    private static ResourceDetails Sample(string type) => type switch
    {
        ResourceTypes.AwsEc2Instance => new AwsEc2InstanceDetails { AwsArn = "arn:1", InstanceId = "i-1", Tags = ImmutableSortedDictionary<string, string>.Empty.Add("Name", "db"), PrivateIpAddressReachable = true },
        ResourceTypes.AwsEcsService => new AwsEcsServiceDetails { AwsArn = "arn:2", ServiceName = "s", EnableExecuteCommand = true },
        ResourceTypes.AwsEksCluster => new AwsEksClusterDetails { AwsArn = "arn:3", ClusterName = "c" },
        ResourceTypes.AwsRdsInstance => new AwsRdsInstanceDetails { AwsArn = "arn:4", EndpointPort = 5432 },
        ResourceTypes.KubernetesService => new KubernetesServiceDetails
        {
            Uid = "u", Name = "n", Namespace = "ns", Ports = [new KubernetesServiceDetails.ServicePort { Port = 80, TargetPort = "http", NodePort = 30_000 }],
        },
        ResourceTypes.DockerContainer => new DockerContainerDetails { ContainerId = "0123456789abcdef" },
        _ => new NetworkServerDetails { IpAddress = "fd00::1", Port = "443" },
    };

    private sealed record Other : ResourceDetails
    {
        internal override string Identity => "";

        internal override string DisplayName => "";
    }
}
