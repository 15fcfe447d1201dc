using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;
using Connector.Protocol.Discovery;
using Connector.Protocol.Sockets;
using Connector.Protocol.Variables;

namespace Connector.Plugins.Aws;

/// <summary>Whose credentials are used: the configured keys or profile, else the environment, web identity, profile, container, instance role.</summary>
internal static class AwsCredentialChain
{
    private const string DefaultProfile = "default";

    /// <summary>May block, and may contact a metadata service.</summary>
    /// <exception cref="DiscoveryException">There are none.</exception>
    /// <exception cref="VariableReferenceException">A reference leads nowhere.</exception>
    public static AWSCredentials Resolve(AwsCredentials? configured, PluginEnvironment environment)
    {
        var references = environment.References;
        if (configured?.AwsAccessKeyId is { Length: > 0 } id)
        {
            return Keys(
                Word(references, id, "aws_access_key_id"),
                configured.AwsSecretAccessKey is { } secret ? references.Resolve(secret.Reveal()) : null,
                configured.AwsSessionToken is { } token ? Word(references, token.Reveal(), "aws_session_token") : null,
                "aws_credentials");
        }

        if (configured?.AwsProfile is { Length: > 0 } profile)
        {
            return Profile(references.Resolve(profile), environment) ?? throw NoProfile(profile, "aws_credentials.aws_profile", environment);
        }

        if (environment.Variable("AWS_ACCESS_KEY_ID") is { Length: > 0 } own)
        {
            return Keys(own, environment.Variable("AWS_SECRET_ACCESS_KEY"), environment.Variable("AWS_SESSION_TOKEN"), "the environment");
        }

        if (environment.Variable("AWS_WEB_IDENTITY_TOKEN_FILE") is { Length: > 0 } file && environment.Variable("AWS_ROLE_ARN") is { Length: > 0 } role)
        {
            return new AssumeRoleWithWebIdentityCredentials(file, role, environment.Variable("AWS_ROLE_SESSION_NAME") is { Length: > 0 } name ? name : AwsSession.Name);
        }

        if (environment.Variable("AWS_PROFILE") is { Length: > 0 } named)
        {
            return Profile(named, environment) ?? throw NoProfile(named, "AWS_PROFILE", environment);
        }

        return Profile(DefaultProfile, environment) ?? Surroundings(environment);
    }

    /// <summary>Asks the instance's metadata service when nothing else names one.</summary>
    /// <exception cref="DiscoveryException">None is known.</exception>
    public static string DefaultRegion(AwsCredentials? configured, PluginEnvironment environment)
        => new[] { "AWS_REGION", "AWS_DEFAULT_REGION" }.Select(environment.Variable).FirstOrDefault(static region => !string.IsNullOrEmpty(region))
            ?? RegionOfProfile(configured, environment)
            ?? InstanceMetadata.Region(environment)
            ?? throw new DiscoveryException(
                DiscoveryFailure.Configuration,
                "No AWS region is known: aws_regions is empty, neither AWS_REGION nor the profile names one, and this is not an EC2 instance; name the regions in aws_regions");

    /// <summary>What to look at when the place that <see cref="Resolve"/> takes them from fails.</summary>
    public static string Advice(AwsCredentials? configured, PluginEnvironment environment)
        => !string.IsNullOrEmpty(configured?.AwsProfile) ? "check the profile, or give keys"
            : !string.IsNullOrEmpty(environment.Variable("AWS_WEB_IDENTITY_TOKEN_FILE")) && !string.IsNullOrEmpty(environment.Variable("AWS_ROLE_ARN"))
                ? "check AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME"
            : !string.IsNullOrEmpty(environment.Variable("AWS_PROFILE")) ? "check the profile that AWS_PROFILE names, or give keys"
            : "check the default profile where there is one, else the role of this container or instance; or give keys";

    /// <summary>
    /// What a reference stands for, when it can be a key, a token or an external id. Anything else must not be sent: it is of another file, and AWS, or who
    /// answers in its place, repeats what it does not understand.
    /// </summary>
    /// <param name="text">As configured.</param>
    /// <exception cref="DiscoveryException">It cannot.</exception>
    /// <exception cref="VariableReferenceException">The reference leads nowhere.</exception>
    public static string Word(VariableResolver references, string text, string what)
    {
        var value = references.Resolve(text);
        return VariableReference.Parse(text) is VariableReference.Literal || value.All(static c => c is > ' ' and <= '~')
            ? value
            : throw new DiscoveryException(
                DiscoveryFailure.Configuration,
                $"Reading {what}: what {ResourceBounds.Text(text)} stands for has spaces, line breaks or other characters that none has; is it the right one?");
    }

    /// <summary>What a failure to find credentials says, without values of references and without lines of the profile files.</summary>
    public static string Reason(Exception failure, AwsCredentials? configured, PluginEnvironment environment) => failure is InvalidDataException
        ? $"{CredentialsFile(environment)} or the config file beside it has a line that is neither section nor property nor comment"
        : environment.References.Hide(failure.Message, configured?.AwsProfile, configured?.AwsAccessKeyId, configured?.AwsSecretAccessKey?.Reveal(), configured?.AwsSessionToken?.Reveal());

    private static string? RegionOfProfile(AwsCredentials? configured, PluginEnvironment environment)
    {
        try
        {
            var name = configured?.AwsProfile is { Length: > 0 } profile ? environment.References.Resolve(profile)
                : environment.Variable("AWS_PROFILE") is { Length: > 0 } named ? named
                : DefaultProfile;
            return new CredentialProfileStoreChain(CredentialsFile(environment)).TryGetProfile(name, out var found) && found.Region?.SystemName is { Length: > 0 } region ? region : null;
        }
        catch (Exception failure) when (failure is VariableReferenceException or AmazonClientException or IOException or InvalidDataException or UnauthorizedAccessException
            or FormatException or ArgumentException)
        {
            throw new DiscoveryException(
                DiscoveryFailure.Configuration, $"Reading the AWS profile for its region: {ResourceBounds.Text(Reason(failure, configured, environment))}; correct it, or name the regions in aws_regions", failure);
        }
    }

    private static AWSCredentials Keys(string id, string? secret, string? token, string where)
    {
        if (string.IsNullOrEmpty(secret))
        {
            throw new DiscoveryException(DiscoveryFailure.Configuration, $"Using the AWS keys of {where}: the secret access key is missing; give both or none");
        }

        return string.IsNullOrEmpty(token) ? new BasicAWSCredentials(id, secret) : new SessionAWSCredentials(id, secret, token);
    }

    private static AWSCredentials? Profile(string name, PluginEnvironment environment)
        => new CredentialProfileStoreChain(CredentialsFile(environment)).TryGetAWSCredentials(name, out var credentials) ? credentials : null;

    // The configuration file is looked for beside it.
    private static string CredentialsFile(PluginEnvironment environment)
        => environment.Variable("AWS_SHARED_CREDENTIALS_FILE") is { Length: > 0 } file ? file : Path.Combine(environment.Home, ".aws", "credentials");

    private static AWSCredentials Surroundings(PluginEnvironment environment)
    {
        var container = new[] { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI" }.Any(name => !string.IsNullOrEmpty(environment.Variable(name)));
        if (!container && string.Equals(environment.Variable("AWS_EC2_METADATA_DISABLED"), "true", StringComparison.OrdinalIgnoreCase))
        {
            throw None(null);
        }

        try
        {
            return DefaultAWSCredentialsIdentityResolver.GetCredentials();
        }
        catch (Exception failure) when (failure is AmazonClientException or AmazonServiceException)
        {
            throw None(failure);
        }
    }

    private static DiscoveryException None(Exception? inner) => new(
        DiscoveryFailure.Credentials,
        "Looking for AWS credentials found none: no aws_credentials, no AWS_ACCESS_KEY_ID, no profile, and no role of this container or instance; give one of them",
        inner);

    /// <param name="name">As configured: what a reference stands for may be anything that this machine keeps.</param>
    private static DiscoveryException NoProfile(string name, string where, PluginEnvironment environment) => new(
        DiscoveryFailure.Configuration,
        $"Using the AWS profile \"{ResourceBounds.Text(name)}\" of {where}: there is none in {CredentialsFile(environment)} or the config file beside it that can be used; add it, or correct the name");
}
