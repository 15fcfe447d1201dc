using System.Text.Json;
using System.Text.Json.Nodes;
using Connector.Protocol.Json;
using Google.Protobuf.WellKnownTypes;
using Type = System.Type;

namespace Connector.Protocol.Discovery;

/// <summary>What a discoverer found: JSON with <c>resource_type</c> and the details of that type.</summary>
public sealed record DiscoveredResource
{
    public const string TypeKey = "resource_type";

    private static readonly Dictionary<string, Type> DetailTypes = ResourceTypes.All.ToDictionary(static type => type, TypeOf, StringComparer.Ordinal);

    /// <exception cref="ArgumentException">The details are not of this type.</exception>
    public DiscoveredResource(string type, ResourceDetails details)
    {
        if (DetailTypes.GetValueOrDefault(type) != details.GetType())
        {
            throw new ArgumentException($"{details.GetType().Name} does not belong to {type}", nameof(details));
        }

        (Type, Details) = (type, details);
    }

    /// <summary>One of <see cref="ResourceTypes"/>.</summary>
    public string Type { get; }

    public ResourceDetails Details { get; }

    /// <summary>Stays the same as long as it is the same thing; unique within one discoverer. Null when the source did not say enough.</summary>
    public string? Identity => Details.Identity is { Length: > 0 } identity ? $"{Type} {identity}" : null;

    /// <summary>For people.</summary>
    public string Name => Details.DisplayName;

    /// <summary>Within <see cref="ResourceBounds"/>, whatever the source said.</summary>
    public JsonObject ToJson() => new()
    {
        [TypeKey] = Type,
        [ResourceTypes.DetailsKey(Type)] = ResourceBounds.Within(JsonSerializer.SerializeToNode(Details, Details.GetType(), WireJson.Options)),
    };

    /// <summary>Null, with the reason, for what is not a resource. Unknown keys are ignored.</summary>
    public static DiscoveredResource? Read(JsonElement json, out string? problem)
    {
        problem = null;
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(TypeKey, out var named) || named.ValueKind != JsonValueKind.String)
        {
            problem = $"{TypeKey}: missing";
            return null;
        }

        var type = named.GetString()!;
        if (!DetailTypes.TryGetValue(type, out var model))
        {
            problem = $"{TypeKey}: \"{ResourceBounds.Text(type)}\" is not a type that this version knows";
            return null;
        }

        var key = ResourceTypes.DetailsKey(type);
        if (!json.TryGetProperty(key, out var details) || details.ValueKind != JsonValueKind.Object)
        {
            problem = $"{key}: missing";
            return null;
        }

        var problems = ModelShape.Problems(details, model, key, unknownKeys: false);
        if (problems.Count > 0)
        {
            problem = problems[0];
            return null;
        }

        try
        {
            return new DiscoveredResource(type, (ResourceDetails)ResourceBounds.Within(JsonObject.Create(details)).Deserialize(model, WireJson.Options)!);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or ArgumentException)
        {
            problem = $"{key}: has a value that cannot be read";
            return null;
        }
    }

    /// <summary>As the control stream carries it.</summary>
    public Struct ToStruct() => Struct.Parser.ParseJson(ToJson().ToJsonString());

    /// <inheritdoc cref="Read(JsonElement, out string?)"/>
    public static DiscoveredResource? Read(Struct found, out string? problem)
    {
        try
        {
            using var json = JsonDocument.Parse(CanonicalJson.Write(found), new JsonDocumentOptions { MaxDepth = 16 });
            return Read(json.RootElement, out problem);
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException)
        {
            problem = "it is not JSON";
            return null;
        }
    }

    private static Type TypeOf(string type) => type switch
    {
        ResourceTypes.AwsEc2Instance => typeof(AwsEc2InstanceDetails),
        ResourceTypes.AwsEcsService => typeof(AwsEcsServiceDetails),
        ResourceTypes.AwsEksCluster => typeof(AwsEksClusterDetails),
        ResourceTypes.AwsRdsInstance => typeof(AwsRdsInstanceDetails),
        ResourceTypes.KubernetesService => typeof(KubernetesServiceDetails),
        ResourceTypes.DockerContainer => typeof(DockerContainerDetails),
        _ => typeof(NetworkServerDetails),
    };
}
