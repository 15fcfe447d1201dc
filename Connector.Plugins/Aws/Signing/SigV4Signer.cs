using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Connector.Plugins.Aws.Signing;

/// <summary>
/// AWS Signature Version 4 in the Authorization header. The one in AWSSDK.Core signs only requests of its own pipeline, at its own clock's time, and cannot
/// be held against the published vectors.
/// </summary>
internal static partial class SigV4Signer
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>Form of X-Amz-Date.</summary>
    public static string Timestamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The value of the Authorization header. The headers to sign must hold X-Amz-Date of the same time.</summary>
    public static string Authorization(SigV4Request request, string accessKeyId, string secretAccessKey, string region, string service, DateTimeOffset time)
    {
        var scope = Scope(time, region, service);
        var date = time.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var key = Hmac(Hmac(Hmac(Hmac(Encoding.UTF8.GetBytes("AWS4" + secretAccessKey), date), region), service), "aws4_request");
        var signature = Convert.ToHexStringLower(Hmac(key, StringToSign(request, region, service, time)));
        return $"{Algorithm} Credential={accessKeyId}/{scope}, SignedHeaders={SignedHeaders(request)}, Signature={signature}";
    }

    internal static string StringToSign(SigV4Request request, string region, string service, DateTimeOffset time)
        => $"{Algorithm}\n{Timestamp(time)}\n{Scope(time, region, service)}\n{Hash(Encoding.UTF8.GetBytes(CanonicalRequest(request)))}";

    internal static string CanonicalRequest(SigV4Request request)
    {
        var headers = request.Headers
            .GroupBy(static header => header.Name.ToLowerInvariant(), StringComparer.Ordinal)
            .OrderBy(static header => header.Key, StringComparer.Ordinal)
            .Select(static header => $"{header.Key}:{string.Join(',', header.Select(static one => Blanks().Replace(one.Value.Trim(), " ")))}\n");
        return $"{request.Method}\n{CanonicalPath(request.Path)}\n{CanonicalQuery(request.Query)}\n{string.Concat(headers)}\n{SignedHeaders(request)}\n{Hash(request.Body.Span)}";
    }

    /// <summary>The path as it is sent: each segment encoded once.</summary>
    internal static string EncodedPath(string path) => string.Join('/', path.Split('/').Select(Encode));

    /// <summary>The query as it is sent, which is also its canonical form.</summary>
    internal static string CanonicalQuery(IEnumerable<(string Name, string Value)> query)
        => string.Join('&', query
            .Select(static one => (Name: Encode(one.Name), Value: Encode(one.Value)))
            .OrderBy(static one => one.Name, StringComparer.Ordinal)
            .ThenBy(static one => one.Value, StringComparer.Ordinal)
            .Select(static one => $"{one.Name}={one.Value}"));

    // All services but S3 sign the normalized path, encoded once more than it is sent.
    private static string CanonicalPath(string path) => EncodedPath(Normalize(path));

    private static string Normalize(string path)
    {
        var segments = new List<string>();
        foreach (var segment in path.Split('/'))
        {
            switch (segment)
            {
                case "" or ".":
                    break;
                case "..":
                    segments.RemoveRange(Math.Max(0, segments.Count - 1), Math.Min(1, segments.Count));
                    break;
                default:
                    segments.Add(segment);
                    break;
            }
        }

        return segments.Count == 0 ? "/" : $"/{string.Join('/', segments)}{(path.EndsWith('/') ? "/" : "")}";
    }

    private static string SignedHeaders(SigV4Request request)
        => string.Join(';', request.Headers.Select(static header => header.Name.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal));

    private static string Scope(DateTimeOffset time, string region, string service)
        => $"{time.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}/{region}/{service}/aws4_request";

    // Escapes all but the unreserved characters of RFC 3986, as the format asks.
    private static string Encode(string text) => Uri.EscapeDataString(text);

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Hmac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    [GeneratedRegex(" +")]
    private static partial Regex Blanks();
}
