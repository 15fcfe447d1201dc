using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Connector.Protocol.Json;

/// <summary>
/// Compares a JSON document with a model before it is decoded, so that a mistake is named by its JSON path and in words for people
/// (the serializer would name CLR types).
/// </summary>
internal static class ModelShape
{
    // Nobody reads more, and a hostile document must not grow a message without end.
    private const int MaximumProblems = 20;

    /// <param name="unknownKeys">Whether a key that the model does not have is a problem.</param>
    public static List<string> Problems(JsonElement json, Type model, string path, bool unknownKeys)
    {
        var problems = new List<string>();
        Visit(json, model, path, unknownKeys, problems);
        return problems;
    }

    private static void Visit(JsonElement json, Type model, string path, bool unknownKeys, List<string> problems)
    {
        if (problems.Count >= MaximumProblems || json.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        model = Nullable.GetUnderlyingType(model) ?? model;
        var info = WireJson.Options.GetTypeInfo(model);
        switch (info.Kind)
        {
            case JsonTypeInfoKind.Object when Expect(json, JsonValueKind.Object, "an object", path, problems):
                VisitProperties(json, info, path, unknownKeys, problems);
                break;
            case JsonTypeInfoKind.Dictionary when Expect(json, JsonValueKind.Object, "an object", path, problems):
                foreach (var entry in json.EnumerateObject())
                {
                    Visit(entry.Value, info.ElementType!, Join(path, entry.Name), unknownKeys, problems);
                }

                break;
            case JsonTypeInfoKind.Enumerable when Expect(json, JsonValueKind.Array, "a list", path, problems):
                var index = 0;
                foreach (var element in json.EnumerateArray())
                {
                    Visit(element, info.ElementType!, $"{path}[{index++}]", unknownKeys, problems);
                }

                break;
            case JsonTypeInfoKind.None:
                VisitValue(json, model, path, problems);
                break;
            default:
                break;
        }
    }

    private static void VisitProperties(JsonElement json, JsonTypeInfo info, string path, bool unknownKeys, List<string> problems)
    {
        foreach (var property in json.EnumerateObject())
        {
            var known = info.Properties.FirstOrDefault(candidate => property.NameEquals(candidate.Name));
            if (known is not null)
            {
                Visit(property.Value, known.PropertyType, Join(path, property.Name), unknownKeys, problems);
            }
            else if (unknownKeys && problems.Count < MaximumProblems)
            {
                var nearest = NearestName.Of(property.Name, info.Properties.Select(candidate => candidate.Name));
                var hint = nearest is not null ? $"; did you mean \"{nearest}\"?"
                    : info.Properties.Count == 0 ? "; nothing is expected here"
                    : $"; known are {string.Join(", ", info.Properties.Select(candidate => candidate.Name).Take(12))}";
                problems.Add($"{Join(path, property.Name)}: unknown key{hint}");
            }
        }
    }

    private static void VisitValue(JsonElement json, Type model, string path, List<string> problems)
    {
        if (model == typeof(bool))
        {
            if (json.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            {
                problems.Add($"{path}: expected true or false, found {Name(json.ValueKind)}");
            }
        }
        else if (model == typeof(int))
        {
            if (Expect(json, JsonValueKind.Number, "a whole number", path, problems)
                && !(json.TryGetDouble(out var number) && double.IsInteger(number) && number is >= int.MinValue and <= int.MaxValue))
            {
                problems.Add($"{path}: expected a whole number");
            }
        }
        else
        {
            Expect(json, JsonValueKind.String, "a text", path, problems);
        }
    }

    private static bool Expect(JsonElement json, JsonValueKind kind, string wanted, string path, List<string> problems)
    {
        if (json.ValueKind == kind)
        {
            return true;
        }

        problems.Add($"{(path.Length == 0 ? "the document" : path)}: expected {wanted}, found {Name(json.ValueKind)}");
        return false;
    }

    private static string Join(string path, string name)
    {
        var shown = name.Length <= 80 ? name : name[..80] + "...";
        return path.Length == 0 ? shown : $"{path}.{shown}";
    }

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "nothing",
    };
}
