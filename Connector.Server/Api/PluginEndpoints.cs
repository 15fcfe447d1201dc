using System.Text.Json;
using Connector.Protocol.Ids;
using Connector.Protocol.Json;
using Connector.Protocol.Plugins;
using Connector.Server.Control;
using Connector.Server.Discovery;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Connector.Server.Api;

/// <summary>Plugins of connectors, and what they discovered.</summary>
internal sealed class PluginEndpoints(
    PluginCatalog plugins, DiscoveryStore discovery, ConnectorCatalog connectors, IConnectorSessions sessions, DesiredStateNews news, ControlDatabase database)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/connector/plugins/defaults/{type}", (string type) => Defaults(type));
        routes.MapPost("/connector/plugins", (HttpContext context, PluginEndpoints api) => api.CreateAsync(context)).Accepts<PluginRequest>("application/json");
        routes.MapGet("/connector/plugins/{id}", (string id, PluginEndpoints api, CancellationToken cancellation) => api.GetAsync(id, cancellation));
        routes.MapPut("/connector/plugins/{id}", (string id, HttpContext context, PluginEndpoints api) => api.UpdateAsync(id, context)).Accepts<PluginRequest>("application/json");
        routes.MapDelete("/connector/plugins/{id}", (string id, PluginEndpoints api, CancellationToken cancellation) => api.DeleteAsync(id, cancellation));
        routes.MapPost("/connector/plugins/{id}/discover", (string id, PluginEndpoints api, CancellationToken cancellation) => api.DiscoverAsync(id, cancellation));
        routes.MapPost("/connector/plugins/{id}/review", (string id, HttpContext context, PluginEndpoints api) => api.ReviewAsync(id, context))
            .Accepts<PluginReviewRequest>("application/json");
        routes.MapGet("/connector/{id}/plugins", (string id, PluginEndpoints api, CancellationToken cancellation) => api.ListAsync(id, cancellation));
        routes.MapGet("/connector/{id}/discovered_resources", (string id, HttpContext context, PluginEndpoints api) => api.ResourcesAsync(id, context));
        routes.MapGet("/discovered_resource/{id}", (string id, PluginEndpoints api, CancellationToken cancellation) => api.ResourceAsync(id, cancellation));
        routes.MapGet("/discovered_resource/{id}/changes", (string id, HttpContext context, PluginEndpoints api) => api.ChangesAsync(id, context));
    }

    private static PluginAnswer Defaults(string type)
    {
        RequireType(type);
        return new PluginAnswer(null, null, null, true, type, PluginDefaults.Json(type), null, null, null, null);
    }

    private static void RequireType(string type)
    {
        if (!PluginTypes.All.Contains(type))
        {
            throw ApiError.Invalid($"plugin_type: {PluginConfigurationReader.UnknownType(type)}");
        }
    }

    private async Task<ListAnswer<PluginAnswer>> ListAsync(string id, CancellationToken cancellation)
    {
        var connectorId = await ConnectorAsync(id, cancellation).ConfigureAwait(false);
        var session = await sessions.GetAsync(connectorId, cancellation).ConfigureAwait(false);
        return new ListAnswer<PluginAnswer>(await DescribeAsync(await plugins.ListAsync(connectorId, cancellation).ConfigureAwait(false), session, cancellation).ConfigureAwait(false));
    }

    private async Task<PluginAnswer> GetAsync(string id, CancellationToken cancellation)
        => await DescribeAsync(await FindAsync(id, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);

    private async Task<PluginAnswer> CreateAsync(HttpContext context)
    {
        var fields = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        var connectorId = fields.FilledText("connector_id") ?? throw ApiError.Invalid("connector_id: it is missing; it says whose plugin it is to be");
        var type = fields.FilledText("plugin_type") ?? throw ApiError.Invalid($"plugin_type: it is missing; choose one of {string.Join(", ", PluginTypes.All)}");
        RequireType(type);
        var configuration = fields.Get("configuration") ?? throw ApiError.Invalid(
            $"configuration: it is missing; GET /api/v1/connector/plugins/defaults/{type} shows one to begin with");
        var now = database.Now;
        var row = new PluginRow
        {
            Id = Guid.NewGuid().ToString(), ConnectorId = connectorId, Name = Name(fields) ?? type, Type = type, Enabled = fields.Flag("enabled") ?? true,
            Configuration = Validated(type, configuration), CreatedAt = now, UpdatedAt = now,
        };
        if (!await plugins.CreateAsync(row, context.RequestAborted).ConfigureAwait(false))
        {
            throw ApiError.NotFound("connector", connectorId);
        }

        news.Changed([new ConnectorId(connectorId)]);
        return PluginAnswer.Of(row, null, []);
    }

    /// <summary>What is absent stays.</summary>
    private async Task<PluginAnswer> UpdateAsync(string id, HttpContext context)
    {
        var fields = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        var updated = await plugins.UpdateAsync(
            new PluginId(id),
            row =>
            {
                if (fields.FilledText("plugin_type") is { } type && type != row.Type)
                {
                    throw ApiError.Invalid($"plugin_type: this plugin is of type {row.Type}, and stays so; create another one for {type}");
                }

                row.Name = Name(fields) ?? row.Name;
                row.Enabled = fields.Flag("enabled") ?? row.Enabled;
                row.Configuration = fields.Get("configuration") is { } configuration ? Validated(row.Type, configuration) : row.Configuration;
            },
            context.RequestAborted).ConfigureAwait(false) ?? throw NoPlugin(id);
        news.Changed([new ConnectorId(updated.ConnectorId)]);
        return await DescribeAsync(updated, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<EmptyAnswer> DeleteAsync(string id, CancellationToken cancellation)
    {
        var deleted = await plugins.DeleteAsync(new PluginId(id), cancellation).ConfigureAwait(false) ?? throw NoPlugin(id);
        news.Changed([new ConnectorId(deleted.ConnectorId)]);
        return EmptyAnswer.Instance;
    }

    private async Task<DiscoverAnswer> DiscoverAsync(string id, CancellationToken cancellation)
    {
        var plugin = await FindAsync(id, cancellation).ConfigureAwait(false);
        if (!plugin.Enabled)
        {
            throw new ApiError(409, $"plugin {plugin.Name} is switched off; switch it on first (PUT /connector/plugins/{plugin.Id}, enabled)");
        }

        var requestId = Guid.NewGuid().ToString();
        return await sessions.DiscoverAsync(new ConnectorId(plugin.ConnectorId), new PluginId(plugin.Id), requestId, cancellation).ConfigureAwait(false)
            ? new DiscoverAnswer(requestId)
            : throw new ApiError(409, $"connector {plugin.ConnectorId} is not connected now, so nobody can scan; its plugins scan by themselves when it is");
    }

    private async Task<EmptyAnswer> ReviewAsync(string id, HttpContext context)
    {
        var fields = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        var discoveryId = fields.FilledText("discovery_id") ?? throw ApiError.Invalid("discovery_id: it is missing; GET /connector/plugins/{id} shows in scans what is held");
        var remove = fields.Flag("remove") ?? throw ApiError.Invalid("remove: it is missing; true forgets what is not found any more, false keeps it");
        var plugin = await FindAsync(id, context.RequestAborted).ConfigureAwait(false);
        return await discovery.ReviewAsync(new PluginId(plugin.Id), discoveryId, remove, context.RequestAborted).ConfigureAwait(false)
            ? EmptyAnswer.Instance
            : throw new ApiError(409, $"nothing of \"{discoveryId}\" is held for a review");
    }

    private async Task<PagedAnswer<DiscoveredResourceAnswer>> ResourcesAsync(string id, HttpContext context)
    {
        var query = context.Request.Query;
        var missing = PageQuery.Filter(query, "missing") switch
        {
            null => (bool?)null,
            "true" => true,
            "false" => false,
            var other => throw ApiError.Invalid($"missing: expected true or false, got \"{other}\""),
        };
        var filter = new DiscoveredResourceFilter(
            PageQuery.Filter(query, "plugin_id"), PageQuery.Filter(query, "discovery_id"), PageQuery.Filter(query, "resource_type"), missing, PageQuery.Filter(query, "search"));
        var request = PageQuery.Read(query);
        var page = await discovery.ListAsync(await ConnectorAsync(id, context.RequestAborted).ConfigureAwait(false), filter, request, context.RequestAborted).ConfigureAwait(false);
        return new PagedAnswer<DiscoveredResourceAnswer>(PaginationAnswer.Of(page), [.. page.Records.Select(DiscoveredResourceAnswer.Of)]);
    }

    private async Task<DiscoveredResourceAnswer> ResourceAsync(string id, CancellationToken cancellation)
        => DiscoveredResourceAnswer.Of(await discovery.FindAsync(id, cancellation).ConfigureAwait(false) ?? throw ApiError.NotFound("discovered resource", id));

    private async Task<PagedAnswer<DiscoveredChangeAnswer>> ChangesAsync(string id, HttpContext context)
    {
        var page = await discovery.ChangesAsync(id, PageQuery.Read(context.Request.Query), context.RequestAborted).ConfigureAwait(false);
        return new PagedAnswer<DiscoveredChangeAnswer>(PaginationAnswer.Of(page), [.. page.Records.Select(DiscoveredChangeAnswer.Of)]);
    }

    private static string? Name(RequestFields fields) => fields.FilledText("name") is { } name ? Names.Require("name", name) : null;

    private static string Validated(string type, JsonElement configuration)
    {
        var reading = PluginConfigurationReader.Read(type, configuration, strict: true);
        return reading.Succeeded
            ? CanonicalJson.Write(configuration)
            : throw ApiError.Invalid(string.Join("; ", reading.Problems.Select(static problem => $"configuration.{problem}")));
    }

    private async Task<PluginAnswer> DescribeAsync(PluginRow row, CancellationToken cancellation)
        => (await DescribeAsync([row], await sessions.GetAsync(new ConnectorId(row.ConnectorId), cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false))[0];

    /// <param name="rows">Of one connector.</param>
    private async Task<IReadOnlyList<PluginAnswer>> DescribeAsync(IReadOnlyList<PluginRow> rows, ConnectorsProtocol.SessionState session, CancellationToken cancellation)
    {
        var scans = await discovery.ScansAsync([.. rows.Select(static row => row.Id)], cancellation).ConfigureAwait(false);
        return [.. rows.Select(row => PluginAnswer.Of(
            row, session.Plugins.FirstOrDefault(plugin => plugin.PluginId.Value == row.Id) is { } told ? new PluginStatusAnswer(told.State, told.Reason, told.ReplicaId.Value) : null,
            [.. scans[row.Id]]))];
    }

    private async Task<ConnectorId> ConnectorAsync(string id, CancellationToken cancellation)
    {
        var connectorId = new ConnectorId(id);
        return await connectors.FindAsync(connectorId, cancellation).ConfigureAwait(false) is null ? throw ApiError.NotFound("connector", id) : connectorId;
    }

    private async Task<PluginRow> FindAsync(string id, CancellationToken cancellation)
        => await plugins.FindAsync(new PluginId(id), cancellation).ConfigureAwait(false) ?? throw NoPlugin(id);

    private static ApiError NoPlugin(string id) => ApiError.NotFound("plugin", id);
}
