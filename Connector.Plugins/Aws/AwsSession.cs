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
        var found = await CredentialsAsync(access, cancellationToken).ConfigureAwait(false);
        var credentials = await AssumedAsync(access, transport, found, cancellationToken).ConfigureAwait(false);
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
                    if (Source(credentials) is not AssumeRoleWithWebIdentityCredentials and var source)
                    {
                        _ = await source.GetCredentialsAsync().ConfigureAwait(false);
                    }

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
            var doing = $"Looking for AWS credentials ({access.Place})";
            if (AwsFailure.IsRefusal(failure))
            {
                throw AwsFailure.Describe(failure, doing, "", access.Hide);
            }

            var why = AwsCredentialChain.Reason(failure, access.Credentials, access.Environment) + access.Hide(AwsFailure.Below(failure));
            throw new DiscoveryException(
                DiscoveryFailure.Credentials, $"{doing}: {ResourceBounds.Text(why)}; {AwsCredentialChain.Advice(access.Credentials, access.Environment)}", failure);
        }
    }

    /// <summary>Whose credentials the first role is assumed with; the same where there is no role.</summary>
    private static AWSCredentials Source(AWSCredentials credentials) => OfProfile(credentials) is { } role ? Source(role.SourceCredentials) : credentials;

    // One that wants a code from a device is left to the SDK, which says that nobody is there to type it.
    private static AssumeRoleAWSCredentials? OfProfile(AWSCredentials credentials)
        => credentials is AssumeRoleAWSCredentials role && string.IsNullOrEmpty(role.Options.MfaSerialNumber) ? role : null;

    /// <summary>
    /// As the roles that a profile and a web identity name. The SDK would ask STS in the process's region, at AWS's own address, and hide why it is refused.
    /// </summary>
    private static async Task<AWSCredentials> AssumedAsync(AwsAccess access, AwsTransport transport, AWSCredentials credentials, CancellationToken cancellationToken)
    {
        if (credentials is AssumeRoleWithWebIdentityCredentials identity)
        {
            return await AssumeAsync(access, identity, cancellationToken).ConfigureAwait(false);
        }

        if (OfProfile(credentials) is not { } role)
        {
            return credentials;
        }

        var source = await AssumedAsync(access, transport, role.SourceCredentials, cancellationToken).ConfigureAwait(false);
        var request = new AssumeRoleRequest
        {
            RoleArn = role.RoleArn, RoleSessionName = role.RoleSessionName, ExternalId = role.Options.ExternalId, DurationSeconds = role.Options.DurationSeconds,
        };
        return await AssumeAsync(access, transport, source, request, $"Assuming the role {AwsScan.Short(role.RoleArn)} of the profile ({access.Place})", cancellationToken).ConfigureAwait(false);
    }

    private static async Task<AWSCredentials> AssumeAsync(AwsAccess access, AssumeRoleWithWebIdentityCredentials identity, CancellationToken cancellationToken)
    {
        var doing = $"Assuming the role {AwsScan.Short(identity.RoleArn)} with the web identity token ({access.Place})";
        // Whoever has the token is let in with it: who writes configurations must not choose where it goes.
        using var direct = new AwsTransport(access.Limits, access.Environment.Time, forbids: null);
        using var sts = Sts(access.WithoutConfiguredEndpoint, direct, new AnonymousAWSCredentials());
        var answer = await CallAsync(access, doing, "sts:AssumeRoleWithWebIdentity", access.Limits.Identity, Ask, cancellationToken).ConfigureAwait(false);
        return Given(answer.Credentials, doing);

        async Task<AssumeRoleWithWebIdentityResponse> Ask(CancellationToken token) => await sts.AssumeRoleWithWebIdentityAsync(
            new AssumeRoleWithWebIdentityRequest
            {
                RoleArn = identity.RoleArn,
                RoleSessionName = identity.RoleSessionName,
                WebIdentityToken = await Task.Run(() => WebIdentity.Read(identity.WebIdentityTokenFile, doing), token).ConfigureAwait(false),
            },
            token).ConfigureAwait(false);
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

        var request = new AssumeRoleRequest { RoleArn = role, RoleSessionName = Name, ExternalId = secret };
        return await AssumeAsync(access, transport, credentials, request, $"Assuming the role ({access.Place})", cancellationToken).ConfigureAwait(false);
    }

    private static async Task<AWSCredentials> AssumeAsync(
        AwsAccess access, AwsTransport transport, AWSCredentials credentials, AssumeRoleRequest request, string doing, CancellationToken cancellationToken)
    {
        using var sts = Sts(access, transport, credentials);
        var answer = await CallAsync(
            access, doing, "sts:AssumeRole", access.Limits.Identity, token => sts.AssumeRoleAsync(request, token), cancellationToken).ConfigureAwait(false);
        return Given(answer.Credentials, doing);
    }

    private static SessionAWSCredentials Given(Credentials? credentials, string doing)
        => credentials is { AccessKeyId.Length: > 0, SecretAccessKey.Length: > 0, SessionToken.Length: > 0 } given
            ? new SessionAWSCredentials(given.AccessKeyId, given.SecretAccessKey, given.SessionToken)
            : throw new DiscoveryException(
                DiscoveryFailure.Malformed, $"{doing}: the answer has no credentials; is the endpoint that of AWS, or is a proxy in between?");

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
        config.UseFIPSEndpoint = false;
        config.UseDualstackEndpoint = false;
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
