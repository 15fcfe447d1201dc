using System.Text.Json;
using Connector.Protocol;
using Connector.Protocol.Json;
using Connector.Protocol.Sockets;
using CsCheck;
using Xunit;

namespace Connector.Tests.Protocol.Sockets;

[Trait("kind", Kinds.Pure)]
public sealed class SocketConfigurationReaderTests
{
    [Fact]
    public void Strict_reading_names_an_unknown_key_and_the_nearest_known_one()
    {
        var reading = SocketConfigurationReader.ReadUpstream(
            """{"service_type":"vnc","vnc_service_configuration":{"hostnme":"h","port":1}}""", strict: true);

        Assert.Equal("upstream_configuration.vnc_service_configuration.hostnme: unknown key; did you mean \"hostname\"?", Assert.Single(reading.Problems));
        Assert.Null(reading.Value);
    }

    [Fact]
    public void Lenient_reading_ignores_an_unknown_key()
    {
        var reading = SocketConfigurationReader.ReadUpstream(
            """{"service_type":"vnc","later":[1],"vnc_service_configuration":{"hostname":"h","port":1,"later":{}}}""", strict: false);

        Assert.True(reading.Succeeded);
        Assert.Equal("h", reading.Value.VncServiceConfiguration!.Hostname);
    }

    [Fact]
    public void Unknown_key_inside_a_list_has_its_index_in_the_path()
    {
        var reading = SocketConfigurationReader.ReadUpstream(
            """{"service_type":"http","http_service_configuration":{"http_service_type":"standard","standard_http_service_configuration":{"hostname":"h","port":1,"headers":[{"key":"a"},{"ky":"a"}]}}}""",
            strict: true);

        Assert.StartsWith(
            "upstream_configuration.http_service_configuration.standard_http_service_configuration.headers[1].ky:", Assert.Single(reading.Problems));
    }

    [Fact]
    public void Unknown_service_type_is_named_with_a_guess()
        => Assert.Contains("did you mean \"database\"", Assert.Single(
            SocketConfigurationReader.ReadUpstream("""{"service_type":"databse"}""", strict: true).Problems));

    [Theory]
    [InlineData("""{"service_type":7}""", "upstream_configuration.service_type: expected a text, found a number")]
    [InlineData("""{"vnc_service_configuration":[]}""", "upstream_configuration.vnc_service_configuration: expected an object, found a list")]
    [InlineData("""{"vnc_service_configuration":{"port":"22"}}""", "upstream_configuration.vnc_service_configuration.port: expected a whole number, found a text")]
    [InlineData("""{"vnc_service_configuration":{"port":22.5}}""", "upstream_configuration.vnc_service_configuration.port: expected a whole number")]
    [InlineData("""{"vnc_service_configuration":{"password":1}}""", "upstream_configuration.vnc_service_configuration.password: expected a text")]
    [InlineData("[]", "upstream_configuration: expected an object")]
    [InlineData("{", "not valid JSON at line 1")]
    public void Wrong_shape_is_named_without_names_of_ours(string json, string message)
    {
        foreach (var strict in new[] { true, false })
        {
            var problem = SocketConfigurationReader.ReadUpstream(json, strict).Problems[0];
            Assert.StartsWith(message, problem);
            Assert.DoesNotContain("Connector.", problem);
        }
    }

    [Fact]
    public void No_secret_is_ever_printed()
    {
        var reading = SocketConfigurationReader.ReadUpstream(
            """
            {"service_type":"database","database_service_configuration":{"database_service_type":"standard","standard_database_service_configuration":{
              "hostname":"h","port":1,"username_and_password_auth_configuration":{"username":"u","password":"hunter2"},
              "tls_auth_configuration":{"key":"hunter2"}}},
             "aws_s3_service_configuration":{"aws_credentials":{"aws_secret_access_key":"hunter2","aws_session_token":"hunter2"}},
             "kubernetes_service_configuration":{"standard_kubernetes_service_configuration":{"token":"hunter2","client_key_data":"hunter2"}},
             "ssh_service_configuration":{"standard_ssh_service_configuration":{"private_key_auth_configuration":{"private_key":"hunter2"}}},
             "http_service_configuration":{"standard_http_service_configuration":{"headers":[{"key":"authorization","value":"hunter2"}]}},
             "rdp_service_configuration":{"password":"hunter2"},"vnc_service_configuration":{"password":"hunter2"},"snowflake_service_configuration":{"password":"hunter2"}}
            """, strict: false);

        Assert.True(reading.Succeeded, string.Join('\n', reading.Problems));
        Assert.DoesNotContain("hunter2", reading.Value.ToString());
        Assert.Equal("hunter2", reading.Value.RdpServiceConfiguration!.Password!.Reveal());
    }

    [Fact]
    public void Written_configuration_reads_back_with_its_secrets()
    {
        var upstream = new UpstreamConfiguration
        {
            ServiceType = "rdp",
            RdpServiceConfiguration = new RdpServiceConfiguration { Hostname = "h", Port = 3389, Password = new Secret("hunter2") },
        };

        var json = JsonSerializer.Serialize(upstream, WireJson.Options);

        Assert.Equal("""{"service_type":"rdp","rdp_service_configuration":{"hostname":"h","port":3389,"password":"hunter2"}}""", json);
        Assert.Equal(upstream, SocketConfigurationReader.ReadUpstream(json, strict: true).Value);
    }

    [Fact]
    public void Nulls_are_as_good_as_absence()
        => Assert.True(SocketConfigurationReader.Read(
            """{"private_network_ipv4":null,"private_network_ipv6":null,"upstream_configuration":{"service_type":"vnc","vnc_service_configuration":{"hostname":"h","port":1,"password":null},"ssh_service_configuration":null}}""",
            strict: true).Succeeded);

    [Fact]
    public void Deep_nesting_is_refused()
        => Assert.False(SocketConfigurationReader.ReadUpstream(new string('[', 1000), strict: false).Succeeded);

    [Fact]
    public void Any_text_is_read_or_refused_without_an_exception()
        => Gen.String.Sample(text => !SocketConfigurationReader.Read(text, strict: true).Succeeded, iter: 300);

    [Theory]
    [InlineData("http_service_configuration.fileserver_http_service_configuration.top_level_directory")]
    [InlineData("ssh_service_configuration.built_in_ssh_service_configuration.username_provider")]
    [InlineData("ssh_service_configuration.aws_ssm_ssh_service_configuration.aws_ssm_ec2_target_configuration.ec2_instance_region")]
    [InlineData("ssh_service_configuration.aws_ssm_ssh_service_configuration.aws_ssm_ecs_target_configuration.ecs_service_name")]
    [InlineData("ssh_service_configuration.aws_ec2ic_ssh_service_configuration.ec2_instance_connect_endpoint_id")]
    [InlineData("ssh_service_configuration.kubectl_exec_ssh_service_configuration.aws_eks_kubectl_exec_target_configuration.eks_cluster_name")]
    [InlineData("ssh_service_configuration.kubectl_exec_ssh_service_configuration.standard_kubectl_exec_target_configuration.master_url")]
    [InlineData("ssh_service_configuration.standard_ssh_service_configuration.border0_certificate_auth_configuration.username")]
    [InlineData("database_service_configuration.aws_rds_database_service_configuration.iam_auth_configuration.rds_instance_region")]
    [InlineData("database_service_configuration.gcp_cloudsql_database_service_configuration.cloudsql_connector_iam_configuration.gcp_credentials_json")]
    [InlineData("database_service_configuration.azure_sql_database_service_configuration.azure_active_directory_password_configuration.username")]
    [InlineData("database_service_configuration.aws_documentdb_database_service_configuration.iam_auth_configuration.cluster_region")]
    [InlineData("database_service_configuration.mongodb_atlas_database_service_configuration.database_name")]
    [InlineData("tls_service_configuration.http_proxy_tls_service_configuration.host_allowlist")]
    [InlineData("vpn_service_configuration.dhcp_pool_subnet")]
    [InlineData("kubernetes_service_configuration.aws_eks_kubernetes_service_configuration.aws_credentials.aws_profile")]
    [InlineData("subnet_router_service_configuration.ipv4_cidr_ranges")]
    [InlineData("elasticsearch_service_configuration.standard_elasticsearch_service_configuration.basic_auth_configuration.password")]
    [InlineData("snowflake_service_configuration.account")]
    [InlineData("aws_s3_service_configuration.bucket_allowlist")]
    [InlineData("aws_access_service_configuration.aws_accounts")]
    public void Key_of_the_format_is_known(string path)
    {
        var json = path.Split('.').Reverse().Aggregate("null", (inner, key) => $$"""{"{{key}}":{{inner}}}""");

        var reading = SocketConfigurationReader.ReadUpstream(json, strict: true);

        Assert.DoesNotContain(reading.Problems, problem => problem.Contains("unknown key"));
    }

    [Fact]
    public void Options_beside_the_upstream_are_read_and_null_is_the_default()
    {
        var reading = SocketConfigurationReader.Read(
            $$"""{{{Vnc}},"limits":{"max_streams":10.0,"max_age_seconds":null},"upstream_check":{"interval_seconds":9},"upstream_proxy_protocol":"v2"}""", strict: true);

        Assert.Empty(reading.Problems);
        Assert.Equal(new SocketLimitsConfiguration { MaxStreams = 10 }, reading.Value!.Limits);
        Assert.Equal((true, 9.0, 2.0), (
            reading.Value.UpstreamCheck!.IsEnabled(), reading.Value.UpstreamCheck.Interval().TotalSeconds, reading.Value.UpstreamCheck.Timeout().TotalSeconds));
        Assert.Equal(UpstreamProxyProtocol.V2, reading.Value.UpstreamProxyProtocol);
    }

    [Theory]
    [InlineData(""" "limits":{"max_streams":-1} """, "limits.max_streams: must be a whole number from 1 to 1000000, or 0 for the default, not -1")]
    [InlineData(""" "upstream_check":{"timeout_seconds":61} """, "upstream_check.timeout_seconds: must be a whole number from 1 to 60, or 0 for the default, not 61")]
    [InlineData(""" "upstream_proxy_protocol":"v1" """, "upstream_proxy_protocol: must be \"v2\", or \"\" for none")]
    [InlineData(""" "limits":{"max_stream":1} """, "limits.max_stream: unknown key; did you mean \"max_streams\"?")]
    public void Option_that_makes_no_sense_is_named_when_reading_strictly(string option, string problem)
        => Assert.Equal(problem, Assert.Single(SocketConfigurationReader.Read($$"""{{{Vnc}},{{option}}}""", strict: true).Problems));

    [Fact]
    public void Replica_does_not_serve_without_an_option_that_it_cannot_keep()
    {
        Assert.IsType<SocketUpstream.Unsupported>(Resolve(""" "upstream_proxy_protocol":"v3" """));
        Assert.IsType<SocketUpstream.Invalid>(Resolve(""" "limits":{"max_streams":-1} """));
        Assert.IsType<SocketUpstream.PlainRelay>(Resolve(""" "limits":{"max_streams":1,"of_tomorrow":7} """));

        static SocketUpstream Resolve(string option)
            => SocketUpstream.Resolve(SocketConfigurationReader.Read($$"""{{{Vnc}},{{option}}}""", strict: false).Value!);
    }

    private const string Vnc = """ "upstream_configuration":{"service_type":"vnc","vnc_service_configuration":{"hostname":"h","port":1}} """;
}
