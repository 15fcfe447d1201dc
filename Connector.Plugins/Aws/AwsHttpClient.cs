using System.Security.Cryptography;
using Connector.Plugins.Aws.Signing;

namespace Connector.Plugins.Aws;

/// <summary>Signed requests to a service that AWS has a package for which is not used here. Refusals that may pass are asked again.</summary>
/// <param name="service">As in the signature's scope, and in lower case of AWS's variables: "rds".</param>
internal sealed class AwsHttpClient(AwsSession session, string service)
{
    private readonly Uri endpoint = session.Endpoint(service.ToUpperInvariant());

    private TimeProvider Time => session.Access.Environment.Time;

    private AwsLimits Limits => session.Access.Limits;

    /// <returns>The body of a successful answer.</returns>
    /// <exception cref="AwsHttpException">It was refused, and went on being refused.</exception>
    public async Task<byte[]> SendAsync(AwsHttpRequest request, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await AttemptAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception failure) when (attempt < Limits.Attempts && IsPassing(failure) && !cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(Pause(attempt), Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool IsPassing(Exception failure) => failure switch
    {
        AwsHttpException refusal => AwsFailure.IsPassing(refusal),
        HttpRequestException { InnerException: System.Security.Authentication.AuthenticationException } => false,
        HttpRequestException or IOException => true,
        _ => false,
    };

    private async Task<byte[]> AttemptAsync(AwsHttpRequest request, CancellationToken cancellationToken)
    {
        using var message = await SignedAsync(request, cancellationToken).ConfigureAwait(false);
        using var answer = await session.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return answer.IsSuccessStatusCode
            ? body
            : throw AwsRefusal.Read(answer.StatusCode, answer.Headers.TryGetValues("x-amzn-ErrorType", out var type) ? type.FirstOrDefault() : null, body);
    }

    private async Task<HttpRequestMessage> SignedAsync(AwsHttpRequest request, CancellationToken cancellationToken)
    {
        var credentials = await session.Credentials.GetCredentialsAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var time = Time.GetUtcNow();
        var path = endpoint.AbsolutePath.TrimEnd('/') + SigV4Signer.EncodedPath(request.Path);
        var query = SigV4Signer.CanonicalQuery(request.Query);
        var message = new HttpRequestMessage(
            request.Method, new Uri($"{endpoint.GetLeftPart(UriPartial.Authority)}{path}{(query.Length > 0 ? $"?{query}" : "")}"));
        List<(string Name, string Value)> headers = [("X-Amz-Date", SigV4Signer.Timestamp(time))];
        if (credentials.UseToken)
        {
            headers.Add(("X-Amz-Security-Token", credentials.Token));
        }

        if (request.Target is { } target)
        {
            headers.Add(("X-Amz-Target", target));
        }

        foreach (var (name, value) in headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        headers.Add(("Host", endpoint.IsDefaultPort ? endpoint.IdnHost : endpoint.Authority));
        if (request.ContentType is { } type)
        {
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            headers.Add(("Content-Type", type));
        }

        message.Headers.Accept.ParseAdd("*/*");
        message.Headers.UserAgent.ParseAdd("border0-connector");
        message.Headers.TryAddWithoutValidation("Authorization", SigV4Signer.Authorization(
            new SigV4Request(request.Method.Method, path, request.Query, headers, request.Body), credentials.AccessKey, credentials.SecretKey, session.Region, service, time));
        return message;
    }

    private TimeSpan Pause(int attempt)
    {
        var ceiling = Math.Min(Limits.FirstPause.TotalMilliseconds * Math.Pow(2, attempt - 1), Limits.LongestPause.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32((int)ceiling + 1));
    }
}
