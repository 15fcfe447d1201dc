using System.Net;
using System.Text.Json;
using System.Xml;

namespace Connector.Plugins.Aws;

/// <summary>Reads why a request was refused: XML of the query services, JSON of the others. What is neither has no reason.</summary>
internal static class AwsRefusal
{
    /// <param name="type">The header x-amzn-ErrorType.</param>
    public static AwsHttpException Read(HttpStatusCode status, string? type, byte[] body)
    {
        var (code, said) = Json(body) ?? Xml(body) ?? ("", "");
        return new AwsHttpException(status, Name(type is { Length: > 0 } ? type : code), said);
    }

    private static (string Code, string Said)? Json(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object ? (Text(json.RootElement, "__type", "code", "Code"), Text(json.RootElement, "message", "Message")) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static (string Code, string Said)? Xml(byte[] body)
    {
        try
        {
            var error = AwsXml.Read(body).Descendants().FirstOrDefault(static one => one.Name.LocalName == "Error");
            return error is null ? null : (AwsXml.Text(error, "Code") ?? "", AwsXml.Text(error, "Message") ?? "");
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private static string Text(JsonElement json, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
            {
                return value.GetString()!;
            }
        }

        return "";
    }

    // "com.amazonaws.ecs#AccessDeniedException" and "AccessDeniedException:http://..." are both in use.
    private static string Name(string code)
    {
        var name = code.Split(':')[0];
        return name[(name.LastIndexOf('#') + 1)..].Trim();
    }
}
