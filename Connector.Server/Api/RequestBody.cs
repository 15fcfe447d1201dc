using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Connector.Protocol.Json;
using Microsoft.AspNetCore.Http;

namespace Connector.Server.Api;

/// <summary>Reads a request's JSON object, bounded, with errors that say where.</summary>
internal static class RequestBody
{
    public const int MaxLength = 1024 * 1024;

    // A key given twice is refused: which of the two was meant cannot be known.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    public static async Task<RequestFields> ReadAsync(HttpContext context)
    {
        var bytes = await ReadBytesAsync(context.Request, context.RequestAborted).ConfigureAwait(false);
        if (bytes.Length == 0)
        {
            throw ApiError.Invalid("the request has no body; send a JSON object");
        }

        if (!Utf8.IsValid(bytes.Span))
        {
            throw ApiError.Invalid("the body is not UTF-8 text; send JSON in UTF-8");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, Options);
            // Walks every name and text once, so that no later reading of one can fail.
            CanonicalJson.Write(document.RootElement);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new RequestFields(document.RootElement.Clone(), "")
                : throw ApiError.Invalid($"the body is {RequestFields.Describe(document.RootElement)}; send a JSON object");
        }
        catch (JsonException exception)
        {
            var place = exception is { LineNumber: { } line, BytePositionInLine: { } position }
                ? FormattableString.Invariant($"line {line + 1}, byte {position + 1}: ")
                : "";
            throw ApiError.Invalid($"the body is not valid JSON: {place}{Reason(exception.Message)}");
        }
        catch (InvalidOperationException)
        {
            throw ApiError.Invalid("the body has half of a surrogate pair (\\uD800 to \\uDFFF) in a name or text; write whole characters");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxLength)
        {
            throw TooLarge();
        }

        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (read.Buffer.Length > MaxLength)
            {
                reader.AdvanceTo(read.Buffer.End);
                throw TooLarge();
            }

            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static ApiError TooLarge() => new(413, $"the body is larger than {MaxLength} bytes; nothing was changed");

    /// <summary>The exception repeats the place, counted from 0.</summary>
    private static string Reason(string message)
        => message.IndexOf(" LineNumber:", StringComparison.Ordinal) is var end and > 0 ? message[..end] : message;
}
