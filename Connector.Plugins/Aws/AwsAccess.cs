using System.Collections.Immutable;
using Connector.Protocol.Plugins;
using Connector.Protocol.Sockets;

namespace Connector.Plugins.Aws;

/// <summary>How one discoverer comes to its source: one region, as one role where one is assumed.</summary>
internal sealed class AwsAccess(
    string region, AwsDiscoveryConfiguration.AssumedRole? role, AwsCredentials? credentials, string? endpoint, PluginEnvironment environment, AwsLimits limits)
{
    public string Region => region;

    public AwsDiscoveryConfiguration.AssumedRole? Role => role;

    public AwsCredentials? Credentials => credentials;

    public PluginEnvironment Environment => environment;

    public AwsLimits Limits => limits;

    /// <summary>Whether the plugin's configuration names where all services are asked: not a choice of whoever runs the connector.</summary>
    public bool IsEndpointConfigured => !string.IsNullOrEmpty(endpoint);

    /// <summary>The same, asked at AWS's own addresses, or those that the environment names.</summary>
    public AwsAccess WithoutConfiguredEndpoint => new(region, role, credentials, null, environment, limits);

    /// <summary>What the messages call it.</summary>
    public string Place => role is null ? region : $"{region}, as {role.RoleArn}";

    /// <summary>One for each region and role; without roles, one for each region.</summary>
    /// <exception cref="DiscoveryException">No region is known.</exception>
    public static ImmutableArray<AwsAccess> Of(AwsDiscoveryConfiguration configuration, PluginEnvironment environment, AwsLimits? limits = null)
    {
        var regions = configuration.AwsRegions is { IsDefaultOrEmpty: false } named ? named : [AwsCredentialChain.DefaultRegion(configuration.AwsCredentials, environment)];
        AwsDiscoveryConfiguration.AssumedRole?[] roles = configuration.AssumeRoles is { IsDefaultOrEmpty: false } assumed ? [.. assumed] : [null];
        return
        [
            .. from region in regions
               from role in roles
               select new AwsAccess(region, role, configuration.AwsCredentials, configuration.AwsEndpointUrl, environment, limits ?? AwsLimits.Default),
        ];
    }

    /// <param name="source">"ec2".</param>
    public string DiscoveryId(string source) => role is null ? $"aws {source} ( region = {region} )" : $"aws {source} ( region = {region}, role = {role.RoleArn} )";

    /// <summary>Without the values that its references stand for: what AWS says may repeat them.</summary>
    public string Hide(string said) => environment.References.Hide(
        said, credentials?.AwsAccessKeyId, credentials?.AwsSecretAccessKey?.Reveal(), credentials?.AwsSessionToken?.Reveal(), credentials?.AwsProfile, role?.ExternalId?.Reveal());

    /// <summary>Null: AWS's own.</summary>
    /// <param name="service">As in AWS's variables: "EC2".</param>
    /// <exception cref="DiscoveryException">What is given is no address.</exception>
    public Uri? Endpoint(string service)
    {
        (string Where, string? Url)[] given =
        [
            ("aws_endpoint_url", endpoint),
            .. new[] { $"AWS_ENDPOINT_URL_{service}", "AWS_ENDPOINT_URL" }.Select(name => (name, environment.Variable(name))),
        ];
        var (where, text) = given.FirstOrDefault(static one => !string.IsNullOrEmpty(one.Url));
        return text is null ? null
            : Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp) ? url
            : throw new DiscoveryException(
                DiscoveryFailure.Configuration, $"Reading {where}: it is not an address that begins with https:// or http://; correct it, or leave it out for AWS's own");
    }
}
