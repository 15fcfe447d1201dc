namespace Connector.Plugins.Aws;

/// <summary>What an EC2 instance can learn about itself.</summary>
internal static class InstanceMetadata
{
    private const string DefaultAddress = "http://169.254.169.254";
    private const int LongestText = 1_024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Blocks for two seconds at most. Null when this is not an instance, or it may not ask.</summary>
    public static string? Region(PluginEnvironment environment)
    {
        if (string.Equals(environment.Variable("AWS_EC2_METADATA_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)
            || !Uri.TryCreate(environment.Variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") is { Length: > 0 } given ? given : DefaultAddress, UriKind.Absolute, out var address))
        {
            return null;
        }

        using var deadline = new CancellationTokenSource(Patience, environment.Time);
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = Patience / 2 };
        using var http = new HttpClient(handler) { MaxResponseContentBufferSize = LongestText };
        try
        {
            using var asking = new HttpRequestMessage(HttpMethod.Put, new Uri(address, "/latest/api/token"));
            asking.Headers.Add("X-aws-ec2-metadata-token-ttl-seconds", "60");
            var token = Text(http, asking, deadline.Token);

            using var question = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/latest/meta-data/placement/region"));
            if (token is { Length: > 0 })
            {
                question.Headers.TryAddWithoutValidation("X-aws-ec2-metadata-token", token);
            }

            return Text(http, question, deadline.Token)?.Trim() is { Length: > 0 } region && region.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-') ? region : null;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    private static string? Text(HttpClient http, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var answer = http.Send(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            return null;
        }

        using var reader = new StreamReader(answer.Content.ReadAsStream(cancellationToken));
        return reader.ReadToEnd();
    }
}
