using System.Text.Json;
using System.Text.Json.Serialization;

namespace Connector.Protocol.Json;

/// <summary>How configuration models are read and written: snake_case names as in Border0's JSON, absent rather than null, whole numbers that may
/// have travelled as doubles.</summary>
public static class WireJson
{
    public static readonly JsonSerializerOptions Options = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            MaxDepth = 32,
            Converters = { new SecretJsonConverter(), new WholeNumberJsonConverter() },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
