using Connector.Protocol.Discovery;

namespace Connector.Plugins.Aws;

/// <summary>The token that an identity provider writes into a file, and renews there.</summary>
internal static class WebIdentity
{
    /// <summary>Characters; STS takes no more.</summary>
    private const int Longest = 20_000;

    /// <summary>Blocks.</summary>
    /// <param name="doing">For the message: what the token is wanted for.</param>
    /// <exception cref="DiscoveryException">It cannot be read, or is no token.</exception>
    public static string Read(string file, string doing)
    {
        var text = new char[Longest + 1];
        try
        {
            using var reader = new StreamReader(file);
            return reader.ReadBlock(text) is > 0 and <= Longest and var length
                ? new string(text, 0, length).Trim()
                : throw new DiscoveryException(
                    DiscoveryFailure.Configuration, $"{doing}: the file of the token is empty or larger than a token; correct AWS_WEB_IDENTITY_TOKEN_FILE or the profile");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DiscoveryException(
                DiscoveryFailure.Configuration, $"{doing}: the token cannot be read ({ResourceBounds.Text(failure.Message)}); correct AWS_WEB_IDENTITY_TOKEN_FILE or the profile", failure);
        }
    }
}
