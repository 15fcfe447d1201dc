using Connector.Protocol.Discovery;
using Connector.Protocol.Ids;
using Connector.Server.Discovery;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Connector.Server.Api;

/// <summary>Sockets.</summary>
internal sealed class SocketEndpoints(
    SocketCatalog catalog, SocketDescription description, DesiredStateNews news, DiscoveryStore discovery, PluginCatalog plugins)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sockets", (HttpContext context, SocketEndpoints api) => api.ListAsync(context));
        routes.MapGet("/socket", (SocketEndpoints api, CancellationToken cancellation) => api.AllAsync(cancellation));
        routes.MapPost("/socket", (HttpContext context, SocketEndpoints api) => api.CreateAsync(context)).Accepts<SocketRequest>("application/json");
        routes.MapGet("/socket/{id}", (string id, SocketEndpoints api, CancellationToken cancellation) => api.GetAsync(id, cancellation));
        routes.MapPut("/socket/{id}", (string id, HttpContext context, SocketEndpoints api) => api.UpdateAsync(id, context))
            .Accepts<SocketRequest>("application/json");
        routes.MapDelete("/socket/{id}", (string id, SocketEndpoints api, CancellationToken cancellation) => api.DeleteAsync(id, cancellation));
        routes.MapGet(
            "/socket/{id}/connectors", (string id, SocketEndpoints api, CancellationToken cancellation) => api.ConnectorsAsync(id, cancellation));
        routes.MapGet(
            "/socket/{id}/upstream_configurations",
            (string id, SocketEndpoints api, CancellationToken cancellation) => api.UpstreamsAsync(id, cancellation));
    }

    private async Task<PagedAnswer<SocketAnswer>> ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var page = await catalog.ListAsync(
            PageQuery.Filter(query, "name"), PageQuery.Filter(query, "search"), PageQuery.Filter(query, "socket_type"), PageQuery.Read(query),
            context.RequestAborted).ConfigureAwait(false);
        return new PagedAnswer<SocketAnswer>(
            PaginationAnswer.Of(page), await description.OfAsync(page.Records, context.RequestAborted).ConfigureAwait(false));
    }

    private async Task<IReadOnlyList<SocketAnswer>> AllAsync(CancellationToken cancellation)
    {
        var page = await catalog.ListAsync(null, null, null, new PageRequest(1, int.MaxValue), cancellation).ConfigureAwait(false);
        return await description.OfAsync(page.Records, cancellation).ConfigureAwait(false);
    }

    private async Task<SocketAnswer> GetAsync(string id, CancellationToken cancellation)
        => await description.OfAsync(await FindAsync(id, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);

    private async Task<SocketAnswer> CreateAsync(HttpContext context)
    {
        var fields = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        var draft = fields.FilledText("discovered_resource_id") is { } resource
            ? await SuggestAsync(resource, fields, context.RequestAborted).ConfigureAwait(false)
            : SocketRequestReader.ReadNew(fields);
        var change = await catalog.CreateAsync(draft, context.RequestAborted).ConfigureAwait(false);
        news.Changed(change.Touched);
        return await description.OfAsync(change.Socket, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<SocketDraft> SuggestAsync(string id, RequestFields fields, CancellationToken cancellation)
    {
        var row = await discovery.FindAsync(id, cancellation).ConfigureAwait(false)
            ?? throw ApiError.Invalid($"discovered_resource_id: there is no discovered resource {id}; GET /connector/{{id}}/discovered_resources lists them");
        var suggestion = DiscoveredResource.Read(ApiJson.Element(row.Resource), out _) is { } resource ? SocketSuggestion.For(resource) : null;
        var plugin = await plugins.FindAsync(new PluginId(row.PluginId), cancellation).ConfigureAwait(false);
        return SocketRequestReader.ReadNew(fields, suggestion, plugin?.ConnectorId);
    }

    private async Task<SocketAnswer> UpdateAsync(string id, HttpContext context)
    {
        var fields = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        var change = await catalog.UpdateAsync(id, stored => SocketRequestReader.ReadChange(fields, stored), context.RequestAborted)
            .ConfigureAwait(false) ?? throw NoSocket(id);
        news.Changed(change.Touched);
        return await description.OfAsync(change.Socket, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<EmptyAnswer> DeleteAsync(string id, CancellationToken cancellation)
    {
        var change = await catalog.DeleteAsync(id, cancellation).ConfigureAwait(false) ?? throw NoSocket(id);
        news.Changed(change.Touched);
        return EmptyAnswer.Instance;
    }

    private async Task<ListAnswer<SocketConnectorAnswer>> ConnectorsAsync(string id, CancellationToken cancellation)
    {
        var socket = await FindAsync(id, cancellation).ConfigureAwait(false);
        return new ListAnswer<SocketConnectorAnswer>(
            [.. socket.Connectors.OrderBy(link => link.CreatedAt).ThenBy(link => link.Id).Select(link => new SocketConnectorAnswer(
                link.Id, link.ConnectorId, link.Connector!.Name, socket.Id, ApiJson.Time(link.CreatedAt), ApiJson.Time(link.UpdatedAt)))]);
    }

    private async Task<ListAnswer<UpstreamConfigurationAnswer>> UpstreamsAsync(string id, CancellationToken cancellation)
    {
        var socket = await FindAsync(id, cancellation).ConfigureAwait(false);
        return new ListAnswer<UpstreamConfigurationAnswer>(
            [new(ApiJson.Element(socket.UpstreamConfiguration), ApiJson.Time(socket.CreatedAt), ApiJson.Time(socket.UpstreamUpdatedAt))]);
    }

    private async Task<SocketRow> FindAsync(string id, CancellationToken cancellation)
        => await catalog.FindAsync(id, cancellation).ConfigureAwait(false) ?? throw NoSocket(id);

    private static ApiError NoSocket(string id) => ApiError.NotFound("socket", id);
}
