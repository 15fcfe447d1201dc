using System.Text.Json;
using Connector.Protocol.Json;
using Connector.Protocol.Plugins;
using Xunit;

namespace Connector.Tests.Protocol.Plugins;

[Trait("kind", Kinds.Pure)]
public sealed class PluginConfigurationTests
{
    [Theory]
    [InlineData("""{"aws_ec2_discovery_plugin_configuration":{"scan_interval_minutes":5,"aws_credentials":{"aws_profile":"p"},"aws_regions":["eu-west-1"],"include_with_states":["running"],"include_with_tags":{"k":["v"]},"exclude_with_tags":{},"check_ssm_status":true}}""")]
    [InlineData("""{"aws_ecs_discovery_plugin_configuration":{"scan_interval_minutes":5,"aws_regions":[],"include_with_tags":{"k":[]}}}""")]
    [InlineData("""{"aws_eks_discovery_plugin_configuration":{"scan_interval_minutes":5,"exclude_with_tags":{"k":["v"]}}}""")]
    [InlineData("""{"aws_rds_discovery_plugin_configuration":{"scan_interval_minutes":5,"include_with_statuses":["available"]}}""")]
    [InlineData("""{"docker_discovery_plugin_configuration":{"scan_interval_minutes":5,"include_with_labels":{"k":["v"]},"exclude_with_labels":{}}}""")]
    [InlineData("""{"kubernetes_discovery_plugin_configuration":{"scan_interval_minutes":5,"kubernetes_credentials":{"master_url":"u","kubeconfig_path":"~/k"},"namespaces":["default"]}}""")]
    [InlineData("""{"network_discovery_plugin_configuration":{"scan_interval_minutes":5,"targets":[{"target":"192.168.1.0/24","ports":[22,80]}]}}""")]
    public void Configuration_of_the_format_reads_and_writes_unchanged(string json)
    {
        Assert.Empty(ModelShape.Problems(JsonElement.Parse(json), typeof(PluginConfiguration), "", unknownKeys: true));

        var read = JsonSerializer.Deserialize<PluginConfiguration>(json, WireJson.Options);

        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(json), JsonSerializer.SerializeToElement(read, WireJson.Options)));
    }
}
