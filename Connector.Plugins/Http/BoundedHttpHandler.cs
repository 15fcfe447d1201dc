using System.Net.Http.Headers;

namespace Connector.Plugins.Http;

/// <summary>
/// Bounds what answers take in memory: client libraries read them whole. A body is read here, so that a cancellation reaches it wherever it stands; one
/// that does not end is bounded line by line.
/// </summary>
internal sealed class BoundedHttpHandler(Func<HttpRequestMessage, bool> isEndless) : DelegatingHandler
{
    /// <summary>Far more than the largest page or list that was seen.</summary>
    public const int LongestBody = 64 * 1024 * 1024;

    public const int LongestLine = 4 * 1024 * 1024;

    private const int LongestError = 64 * 1024;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            var headers = response.Content.Headers;
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode && isEndless(request))
            {
                response.Content = With(headers, new StreamContent(new LineBoundedStream(stream, LongestLine)));
                return response;
            }

            await using (stream.ConfigureAwait(false))
            {
                var bytes = await ReadAsync(stream, response.IsSuccessStatusCode, cancellationToken).ConfigureAwait(false);
                response.Content = With(headers, new ByteArrayContent(bytes.GetBuffer(), 0, (int)bytes.Length));
                return response;
            }
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    // Of an error the beginning is enough.
    private static async Task<MemoryStream> ReadAsync(Stream stream, bool isWhole, CancellationToken cancellationToken)
    {
        var most = isWhole ? LongestBody : LongestError;
        var bytes = new MemoryStream();
        var buffer = new byte[32 * 1024];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (bytes.Length + count > most)
            {
                if (isWhole)
                {
                    throw new InvalidDataException($"the answer is longer than {most} bytes");
                }

                break;
            }

            bytes.Write(buffer, 0, count);
        }

        return bytes;
    }

    private static HttpContent With(HttpContentHeaders headers, HttpContent content)
    {
        if (headers.ContentType is { } type)
        {
            content.Headers.ContentType = type;
        }

        return content;
    }
}
