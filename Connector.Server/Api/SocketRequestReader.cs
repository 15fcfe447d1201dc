using System.Collections.Immutable;
using System.Text.Json;
using Connector.Protocol.Json;
using Connector.Server.Discovery;
using Connector.Server.Store;
using Connector.Server.Store.Database;

namespace Connector.Server.Api;

/// <summary>Makes a socket's draft from a request, judged together with what is stored.</summary>
internal static class SocketRequestReader
{
    private const int MaxTags = 100;
    private const int MaxConnectors = 100;
    private static readonly string[] EdgeKeys = ["port", "public", "allowed_ips", "hedge", "proxy_protocol_from"];

    /// <param name="suggestion">Stands for what the request leaves out.</param>
    /// <param name="connectorId">Of the suggestion.</param>
    public static SocketDraft ReadNew(RequestFields fields, SocketSuggestion? suggestion = null, string? connectorId = null)
    {
        var name = Names.Require("name", fields.FilledText("name") ?? suggestion?.Name);
        var type = SocketRequestValidator.RequireType(fields.FilledText("socket_type") ?? suggestion?.Type);
        var upstream = Upstream(fields) ?? suggestion?.Upstream
            ?? throw ApiError.Invalid($"upstream_configuration: it is missing; it says where the connector dials for the socket, for example {Example}");
        return Read(fields, stored: null) with
        {
            Name = name,
            Type = type,
            UpstreamJson = SocketRequestValidator.Validate(type, upstream),
            ConnectorIds = Connectors(fields) ?? (connectorId is null ? [] : [connectorId]),
        } is var draft && draft.EdgePublic == true && draft.EdgeAllowedIps is not { IsEmpty: false }
            ? throw PublicForNobody()
            : draft;
    }

    /// <summary>What is absent stays as it is.</summary>
    public static SocketDraft ReadChange(RequestFields fields, SocketRow stored)
    {
        var draft = Read(fields, stored);
        var type = fields.FilledText("socket_type") is { } given ? SocketRequestValidator.RequireType(given) : stored.Type;
        var upstream = Upstream(fields);
        if (upstream is null && type != stored.Type)
        {
            upstream = ApiJson.Element(stored.UpstreamConfiguration);
        }

        var allowed = draft.EdgeAllowedIps is { } networks ? !networks.IsEmpty : stored.EdgeAllowedIps.Length > 0;
        if ((draft.EdgePublic ?? stored.EdgePublic) && !allowed)
        {
            throw PublicForNobody();
        }

        return draft with
        {
            Name = fields.FilledText("name") is { } name ? Names.Require("name", name) : null,
            Type = type,
            UpstreamJson = upstream is { } configuration ? SocketRequestValidator.Validate(type, configuration) : null,
            ConnectorIds = Connectors(fields),
        };
    }

    private const string Example =
        """{"service_type":"tls","tls_service_configuration":{"tls_service_type":"standard","standard_tls_service_configuration":{"hostname":"db.internal","port":5432}}}""";

    private static SocketDraft Read(RequestFields fields, SocketRow? stored)
    {
        var edge = fields.Object("edge");
        foreach (var property in edge?.Element.EnumerateObject() ?? default)
        {
            if (!EdgeKeys.Contains(property.Name) && !SocketRequestValidator.IsEmpty(property.Value))
            {
                throw ApiError.Invalid($"edge.{property.Name}: nothing reads this key; an edge has {string.Join(", ", EdgeKeys)}");
            }
        }

        return new SocketDraft
        {
            DisplayName = fields.Text("display_name", 200),
            Description = fields.Text("description"),
            UpstreamType = fields.Text("upstream_type", 100),
            UpstreamHttpHostname = fields.Text("upstream_http_hostname", 253),
            RecordingEnabled = fields.Flag("recording_enabled"),
            ConnectorAuthenticationEnabled = fields.Flag("connector_authentication_enabled"),
            EndToEndEncryptionEnabled = fields.Flag("end_to_end_encryption_enabled"),
            TagsJson = Tags(fields),
            EdgePort = edge?.Integer("port", 0, 65_535) is { } port and not 0 ? port : null,
            EdgePublic = edge?.Flag("public"),
            EdgeAllowedIps = edge?.TextList("allowed_ips", AllowedNetworks.MaxCount) is { } list ? AllowedNetworks.Parse("edge.allowed_ips", list) : null,
            EdgeHedge = edge?.Flag("hedge"),
            EdgeProxyProtocolFrom = edge?.TextList("proxy_protocol_from", AllowedNetworks.MaxCount) is { } balancers
                ? Balancers(AllowedNetworks.Parse("edge.proxy_protocol_from", balancers))
                : null,
            LimitsJson = SocketOptions.ReadLimits(fields, stored),
            UpstreamCheckJson = SocketOptions.ReadUpstreamCheck(fields, stored),
            UpstreamProxyProtocol = SocketOptions.ReadProxyProtocol(fields),
        };
    }

    /// <summary>Null when it is absent or an object without content.</summary>
    private static JsonElement? Upstream(RequestFields fields)
        => fields.Object("upstream_configuration") is { } given && given.Element.EnumerateObject().Any() ? given.Element : null;

    private static ImmutableArray<string>? Connectors(RequestFields fields)
    {
        var list = fields.TextList("connector_ids", MaxConnectors);
        return fields.FilledText("connector_id", 100) is { } one ? [.. list ?? [], one] : list;
    }

    private static string? Tags(RequestFields fields)
    {
        if (fields.Object("tags") is not { } tags)
        {
            return null;
        }

        var names = tags.Element.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal).ToList();
        return names.Count > MaxTags
            ? throw ApiError.Invalid($"tags: {names.Count} tags are too many; at most {MaxTags}")
            : CanonicalJson.Write(writer =>
            {
                writer.WriteStartObject();
                foreach (var name in names)
                {
                    writer.WriteString(name, tags.Text(name) ?? "");
                }

                writer.WriteEndObject();
            });
    }

    /// <summary>Whoever is trusted here says who the client is, and so passes allowed_ips at will.</summary>
    private static ImmutableArray<string> Balancers(ImmutableArray<string> networks)
        => networks.FirstOrDefault(network => network.EndsWith("/0", StringComparison.Ordinal)) is { } everybody
            ? throw ApiError.Invalid(
                $"edge.proxy_protocol_from: {everybody} would let anybody claim any client address; name the load balancers in front of the edge, "
                + "for example [\"10.0.0.5\"]")
            : networks;

    private static ApiError PublicForNobody() => ApiError.Invalid(
        "edge.public is true, but edge.allowed_ips names nobody: a public socket lets in only the addresses on that list; "
        + "name them, for example [\"192.0.2.7\", \"10.0.0.0/8\"], or [\"0.0.0.0/0\", \"::/0\"] for the whole internet");
}
