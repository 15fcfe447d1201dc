using Connector.Protocol.Sockets;
using Xunit;

namespace Connector.Tests.Protocol.Sockets;

[Trait("kind", Kinds.Pure)]
public sealed class SocketUpstreamTests
{
    [Theory]
    [InlineData("""{"service_type":"tls","tls_service_configuration":{"tls_service_type":"standard","standard_tls_service_configuration":{"hostname":"h","port":22.0}}}""")]
    [InlineData("""{"service_type":"http","http_service_configuration":{"http_service_type":"standard","standard_http_service_configuration":{"hostname":"h","port":22,"scheme":"http","host_header":"x","headers":[{"key":"a","value":"b"}]}}}""")]
    [InlineData("""{"service_type":"ssh","ssh_service_configuration":{"ssh_service_type":"standard","standard_ssh_service_configuration":{"hostname":"h","port":22,"ssh_authentication_type":"border0_certificate","border0_certificate_auth_configuration":{"username_provider":"prompt_client","username":""}}}}""")]
    [InlineData("""{"service_type":"database","database_service_configuration":{"database_service_type":"standard","standard_database_service_configuration":{"hostname":"h","port":22,"protocol":"postgres","authentication_type":"username_and_password","username_and_password_auth_configuration":{"username":"u","password":"p"}}}}""")]
    [InlineData("""{"service_type":"vnc","vnc_service_configuration":{"hostname":"h","port":22,"password":"12345678"}}""")]
    [InlineData("""{"service_type":"rdp","rdp_service_configuration":{"hostname":"h","port":22,"username":"u","password":"p","domain":"d"}}""")]
    public void Type_that_is_a_plain_relay_gives_host_and_port(string upstream)
        => Assert.Equal(new SocketUpstream.PlainRelay("h", 22), Resolve(upstream));

    [Theory]
    [InlineData("""{"service_type":"http","http_service_configuration":{"http_service_type":"connector_file_server","fileserver_http_service_configuration":{"top_level_directory":"/srv"}}}""", "connector_file_server")]
    [InlineData("""{"service_type":"ssh","ssh_service_configuration":{"ssh_service_type":"aws_ssm","aws_ssm_ssh_service_configuration":{"ssm_target_type":"ec2","aws_ssm_ec2_target_configuration":{"ec2_instance_id":"i-1","ec2_instance_region":"eu-west-1"}}}}""", "aws_ssm")]
    [InlineData("""{"service_type":"database","database_service_configuration":{"database_service_type":"aws_rds","aws_rds_database_service_configuration":{"hostname":"h","port":1}}}""", "aws_rds")]
    [InlineData("""{"service_type":"tls","tls_service_configuration":{"tls_service_type":"vpn","vpn_tls_service_configuration":{"vpn_subnet":"10.0.0.0/24"}}}""", "vpn")]
    [InlineData("""{"service_type":"exit_node","exit_node_service_configuration":{}}""", "exit_node")]
    [InlineData("""{"service_type":"aws_s3","aws_s3_service_configuration":{"bucket_allowlist":["*"]}}""", "aws_s3")]
    [InlineData("""{"service_type":"hologram"}""", "hologram")]
    public void Type_that_is_not_served_is_unsupported_by_name(string upstream, string named)
        => Assert.Contains(named, Assert.IsType<SocketUpstream.Unsupported>(Resolve(upstream)).Reason);

    [Theory]
    [InlineData("connector_authentication_enabled")]
    [InlineData("end_to_end_encryption_enabled")]
    [InlineData("recording_enabled")]
    public void Promise_that_cannot_be_kept_is_unsupported(string flag)
    {
        var json = $$"""{"{{flag}}":true, "upstream_configuration":{"service_type":"vnc","vnc_service_configuration":{"hostname":"h","port":22} } }""";

        var resolved = SocketUpstream.Resolve(SocketConfigurationReader.Read(json, strict: false).Value!);

        Assert.Contains(flag, Assert.IsType<SocketUpstream.Unsupported>(resolved).Reason);
    }

    [Theory]
    [InlineData("{}", "upstream_configuration.service_type")]
    [InlineData("""{"service_type":"vnc"}""", "upstream_configuration.vnc_service_configuration: missing")]
    [InlineData("""{"service_type":"vnc","vnc_service_configuration":{"port":1}}""", "upstream_configuration.vnc_service_configuration.hostname")]
    [InlineData("""{"service_type":"vnc","vnc_service_configuration":{"hostname":"h","port":0}}""", "upstream_configuration.vnc_service_configuration.port")]
    [InlineData("""{"service_type":"vnc","vnc_service_configuration":{"hostname":"h","port":65536}}""", "65536")]
    [InlineData("""{"service_type":"vnc","vnc_service_configuration":{"hostname":"http://h/","port":1}}""", "hostname")]
    [InlineData("""{"service_type":"tls","tls_service_configuration":{"tls_service_type":"standard"}}""", "upstream_configuration.tls_service_configuration.standard_tls_service_configuration")]
    [InlineData("""{"service_type":"tls","tls_service_configuration":{}}""", "upstream_configuration.tls_service_configuration.tls_service_type")]
    [InlineData("""{"service_type":"vnc","vnc_service_configuration":{"hostname":"h","port":1},"rdp_service_configuration":{"hostname":"h","port":1}}""", "rdp_service_configuration")]
    public void Configuration_that_is_wrong_names_the_path(string upstream, string named)
        => Assert.Contains(named, Assert.IsType<SocketUpstream.Invalid>(Resolve(upstream)).Reason);

    [Fact]
    public void Configuration_without_an_upstream_is_invalid()
        => Assert.IsType<SocketUpstream.Invalid>(SocketUpstream.Resolve(new SocketConfiguration()));

    [Fact]
    public void Host_may_be_a_reference()
        => Assert.Equal(
            new SocketUpstream.PlainRelay("from:env:DB HOST", 5432),
            Resolve("""{"service_type":"vnc","vnc_service_configuration":{"hostname":"from:env:DB HOST","port":5432}}"""));

    private static SocketUpstream Resolve(string upstream)
    {
        var reading = SocketConfigurationReader.Read($$"""{"upstream_configuration":{{upstream}} }""", strict: false);
        Assert.True(reading.Succeeded, string.Join('\n', reading.Problems));
        return SocketUpstream.Resolve(reading.Value);
    }
}
