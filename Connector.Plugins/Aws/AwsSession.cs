using Amazon;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using Connector.Protocol.Discovery;
using Connector.Protocol.Variables;

namespace Connector.Plugins.Aws;

/// <summary>What one scan knows once it is let in: credentials and the account they belong to.</summary>
internal sealed class AwsSession
{
    /// <summary>What an assumed role's sessions are called in AWS's records.</summary>
    public const string Name = "border0-connector";

    private readonly AwsAccess access;
    private readonly AwsTransport transport;

    private AwsSession(AwsAccess access, AwsTransport transport, AWSCredentials credentials, string account)
        => (this.access, this.transport, Credentials, Account) = (access, transport, credentials, account);

    public AwsAccess Access => access;

    public AWSCredentials Credentials { get; }

    public string Account { get; }

    public string Region => access.Region;

    public string Partition => RegionEndpoint.GetBySystemName(access.Region).PartitionName;

    public HttpClient Http => transport.Client;

    /// <exception cref="DiscoveryException">It is not let in.</exception>
    public static async Task<AwsSession> OpenAsync(AwsAccess access, AwsTransport transport, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var credentials = await CredentialsAsync(access, cancellationToken).ConfigureAwait(false);
        if (access.Role is { } role)
        {
            credentials = await AssumeAsync(access, transport, credentials, role.RoleArn ?? "", role.ExternalId?.Reveal(), cancellationToken).ConfigureAwait(false);
        }

        using var sts = Sts(access, transport, credentials);
        var identity = await CallAsync(
            access, $"Asking whose the credentials are ({access.Place})", "sts:GetCallerIdentity", access.Limits.Identity,
            token => sts.GetCallerIdentityAsync(new GetCallerIdentityRequest(), token), cancellationToken).ConfigureAwait(false);
        if (identity.Account is not { Length: 12 } account || !account.All(char.IsAsciiDigit))
        {
            throw new DiscoveryException(
                DiscoveryFailure.Malformed,
                $"Asking whose the credentials are ({access.Place}): the answer names no account; is the endpoint that of AWS, or is a proxy in between?");
        }

        return new AwsSession(access, transport, credentials, account);
    }

    public string Arn(string service, string resource) => $"arn:{Partition}:{service}:{Region}:{Account}:{resource}";

    /// <summary>Of one of AWS's own clients.</summary>
    /// <param name="service">As in AWS's variables: "EC2".</param>
    public TConfig Configure<TConfig>(TConfig config, string service)
        where TConfig : ClientConfig
        => Configure(access, transport, config, service);

    /// <summary>Where the service is.</summary>
    public Uri Endpoint(string service)
        => access.Endpoint(service) ?? new Uri($"https://{service.ToLowerInvariant()}.{Region}.{RegionEndpoint.GetBySystemName(Region).PartitionDnsSuffix}");

    /// <param name="doing">"Listing the instances"; the place is added.</param>
    /// <param name="permission">The IAM action that the call needs.</param>
    public Task<T> CallAsync<T>(string doing, string permission, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
        => CallAsync(access, $"{doing} ({access.Place})", permission, access.Limits.Call, call, cancellationToken);

    private static async Task<T> CallAsync<T>(
        AwsAccess access, string doing, string permission, TimeSpan patience, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var limit = new TimeLimit(patience, access.Environment.Time, cancellationToken);
        try
        {
            // A client that does not listen must not hold the scan.
            return await call(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception failure) when (failure is OperationCanceledException || (limit.IsExceeded && AwsFailure.IsKnown(failure)))
        {
            throw new DiscoveryException(
                DiscoveryFailure.TimedOut, $"{doing}: no answer within {patience.TotalSeconds:0.#} s, all attempts included; check the network and the endpoint", failure);
        }
        catch (Exception failure) when (failure is not DiscoveryException && AwsFailure.IsKnown(failure))
        {
            throw AwsFailure.Describe(failure, doing, permission, access.Hide);
        }
    }

    private static async Task<AWSCredentials> CredentialsAsync(AwsAccess access, CancellationToken cancellationToken)
    {
        using var limit = new TimeLimit(access.Limits.Identity, access.Environment.Time, cancellationToken);
        try
        {
            // The chain blocks, on files and on metadata services, and knows no cancellation.
            return await Task.Run(
                async () =>
                {
                    var credentials = AwsCredentialChain.Resolve(access.Credentials, access.Environment);
                    _ = await credentials.GetCredentialsAsync().ConfigureAwait(false);
                    return credentials;
                },
                limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DiscoveryException(
                DiscoveryFailure.Credentials,
                $"Looking for AWS credentials ({access.Place}): none came within {access.Limits.Identity.TotalSeconds:0.#} s, and the last place to ask is the metadata service of a container or an instance; give keys or a profile, or give this machine a role");
        }
        catch (VariableReferenceException failure)
        {
            throw new DiscoveryException(DiscoveryFailure.Configuration, $"Reading aws_credentials ({access.Place}): {failure.Message}", failure);
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or DiscoveryException))
        {
            // Profiles may name programs, other profiles and sign-on services; what those throw is not ours.
            throw new DiscoveryException(
                DiscoveryFailure.Credentials,
                $"Looking for AWS credentials ({access.Place}): {ResourceBounds.Text(AwsCredentialChain.Reason(failure, access.Credentials, access.Environment))}; check the profile, or give keys", failure);
        }
    }

    private static async Task<AWSCredentials> AssumeAsync(
        AwsAccess access, AwsTransport transport, AWSCredentials credentials, string role, string? externalId, CancellationToken cancellationToken)
    {
        string? secret;
        try
        {
            secret = externalId is { Length: > 0 } text ? AwsCredentialChain.Word(access.Environment.References, text, $"external_id of {role}") : null;
        }
        catch (VariableReferenceException failure)
        {
            throw new DiscoveryException(DiscoveryFailure.Configuration, $"Reading external_id of {role}: {failure.Message}", failure);
        }

        using var sts = Sts(access, transport, credentials);
        var request = new AssumeRoleRequest { RoleArn = role, RoleSessionName = Name, ExternalId = secret };
        var answer = await CallAsync(
            access, $"Assuming the role ({access.Place})", "sts:AssumeRole", access.Limits.Identity, token => sts.AssumeRoleAsync(request, token), cancellationToken).ConfigureAwait(false);
        return answer.Credentials is { AccessKeyId.Length: > 0, SecretAccessKey.Length: > 0, SessionToken.Length: > 0 } given
            ? new SessionAWSCredentials(given.AccessKeyId, given.SecretAccessKey, given.SessionToken)
            : throw new DiscoveryException(
                DiscoveryFailure.Malformed, $"Assuming the role ({access.Place}): the answer has no credentials; is the endpoint that of AWS, or is a proxy in between?");
    }

    private static AmazonSecurityTokenServiceClient Sts(AwsAccess access, AwsTransport transport, AWSCredentials credentials)
    {
        var config = Configure(access, transport, new AmazonSecurityTokenServiceConfig(), "STS");
        // The pauses between more attempts would not fit into the time there is, and the reason be lost.
        config.MaxErrorRetry = Math.Min(config.MaxErrorRetry, 2);
        return new(credentials, config);
    }

    private static TConfig Configure<TConfig>(AwsAccess access, AwsTransport transport, TConfig config, string service)
        where TConfig : ClientConfig
    {
        // The variables are those of the environment that the plugin sees, read above; the client must not read others on its own.
        config.IgnoreConfiguredEndpointUrls = true;
        if (access.Endpoint(service) is { } url)
        {
            config.ServiceURL = url.AbsoluteUri;
            config.AuthenticationRegion = access.Region;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(access.Region);
        }

        config.HttpClientFactory = transport;
        config.RetryMode = RequestRetryMode.Standard;
        config.MaxErrorRetry = access.Limits.Attempts - 1;
        return config;
    }
}
