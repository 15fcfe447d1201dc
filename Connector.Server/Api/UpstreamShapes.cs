using System.Collections.Frozen;

namespace Connector.Server.Api;

/// <summary>Keys of <c>upstream_configuration</c> by service type: the object is <c>TYPE_service_configuration</c>.</summary>
internal static class UpstreamShapes
{
    private const string Aws = "aws_credentials{aws_access_key_id, aws_secret_access_key, aws_session_token, aws_profile}";
    private const string Password = "username_and_password_auth_configuration{username_provider, username, password, ca_certificate}";
    private const string Sql = "sql_authentication_configuration{username, password}, kerberos_configuration{username, password}";
    private const string Tls = "tls_auth_configuration{username, password, certificate, key, ca_certificate}";
    private const string Database = "hostname, port, protocol, authentication_type, database_name";
    private const string Iam = "iam_auth_configuration{" + Aws + ", rds_instance_region, cluster_region, username, ca_certificate}";
    private const string Eks = "{eks_cluster_name, eks_cluster_region, " + Aws + "}";

    private static readonly FrozenDictionary<string, ConfigurationShape> ByType = new Dictionary<string, string>
    {
        ["http"] = "http_service_type, standard_http_service_configuration{hostname, port, scheme, host_header, headers[{key, value}]}, "
            + "fileserver_http_service_configuration{top_level_directory}",
        ["tls"] = "tls_service_type, standard_tls_service_configuration{hostname, port}, vpn_tls_service_configuration{vpn_subnet, routes}, "
            + "http_proxy_tls_service_configuration{host_allowlist}",
        ["vnc"] = "hostname, port, password",
        ["rdp"] = "hostname, port, username, password, domain",
        ["ssh"] = "ssh_service_type, standard_ssh_service_configuration{hostname, port, ssh_authentication_type, " + Password
            + ", private_key_auth_configuration{username_provider, username, private_key}, "
            + "border0_certificate_auth_configuration{username_provider, username}}, "
            + "built_in_ssh_service_configuration{username_provider, username}, "
            + "aws_ssm_ssh_service_configuration{ssm_target_type, aws_ssm_ec2_target_configuration{ec2_instance_id, ec2_instance_region, " + Aws
            + "}, aws_ssm_ecs_target_configuration{ecs_cluster_region, ecs_cluster_name, ecs_service_name, " + Aws + "}}, "
            + "aws_ec2ic_ssh_service_configuration{hostname, port, username_provider, username, ec2_instance_id, ec2_instance_region, "
            + "ec2_instance_connect_endpoint_id, " + Aws + "}, "
            + "kubectl_exec_ssh_service_configuration{kubectl_exec_target_type, standard_kubectl_exec_target_configuration{master_url, kubeconfig_path}, "
            + "aws_eks_kubectl_exec_target_configuration" + Eks + ", namespace_allowlist, namespace_selectors_allowlist}, "
            + "docker_exec_ssh_service_configuration{container_name_allowlist}",
        ["database"] = "database_service_type, "
            + "standard_database_service_configuration{" + Database + ", " + Password + ", " + Tls + ", " + Sql + "}, "
            + "aws_rds_database_service_configuration{" + Database + ", " + Password + ", " + Iam + "}, "
            + "gcp_cloudsql_database_service_configuration{" + Database + ", " + Password + ", " + Tls
            + ", cloudsql_connector_configuration{username, password, instance_id, gcp_credentials_json}, "
            + "cloudsql_connector_iam_configuration{username, instance_id, gcp_credentials_json}}, "
            + "azure_sql_database_service_configuration{" + Database + ", " + Sql
            + ", azure_active_directory_password_configuration, azure_active_directory_integrated_configuration}, "
            + "aws_documentdb_database_service_configuration{" + Database + ", " + Password + ", " + Iam + "}, "
            + "mongodb_atlas_database_service_configuration{" + Database + ", " + Password + ", " + Iam + "}",
        ["vpn"] = "dhcp_pool_subnet, advertised_routes",
        ["kubernetes"] = "kubernetes_service_type, impersonation_enabled, standard_kubernetes_service_configuration{kubeconfig_path, context, server, "
            + "certificate_authority, certificate_authority_data, client_certificate, client_certificate_data, client_key, client_key_data, token, "
            + "token_file}, aws_eks_kubernetes_service_configuration" + Eks,
        ["subnet_router"] = "ipv4_cidr_ranges, ipv6_cidr_ranges, dns_patterns",
        ["exit_node"] = "",
        ["elasticsearch"] = "elasticsearch_service_type, standard_elasticsearch_service_configuration{hostname, port, protocol, host_header, "
            + "authentication_type, basic_auth_configuration{username, password}}",
        ["snowflake"] = "account, username, password",
        ["aws_s3"] = "bucket_allowlist, " + Aws,
        ["aws_access"] = "aws_accounts[{aws_account_alias, aws_account_id, aws_iam_roles[{arn, name, description}]}], " + Aws,
    }.ToFrozenDictionary(entry => entry.Key, entry => ConfigurationShape.Parse(entry.Value));

    public static IEnumerable<string> Types => ByType.Keys.Order(StringComparer.Ordinal);

    /// <summary>Keys of the whole upstream configuration of this type; null when there is no such type.</summary>
    public static ConfigurationShape? Find(string type) => ByType.GetValueOrDefault(type);

    public static string ServiceKey(string type) => type + "_service_configuration";
}
