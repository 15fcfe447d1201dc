using Connector.Protocol.Ids;
using Connector.Protocol.Json;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Connector.Server.Api;

/// <summary>Connectors and their logs.</summary>
internal sealed class ConnectorEndpoints(
    ConnectorCatalog catalog, ConnectorLogs logs, IConnectorSessions sessions, EdgeViews edges, DesiredStateNews news, ControlDatabase database)
{
    private static readonly string[] Severities = ["debug", "info", "warn", "error"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/connectors", (ConnectorEndpoints api, CancellationToken cancellation) => api.ListAsync(cancellation));
        routes.MapGet("/connector/{id}", (string id, ConnectorEndpoints api, CancellationToken cancellation) => api.GetAsync(id, cancellation));
        routes.MapPost("/connector", (HttpContext context, ConnectorEndpoints api) => api.CreateAsync(context))
            .Accepts<ConnectorRequest>("application/json");
        routes.MapPut("/connector", (HttpContext context, ConnectorEndpoints api) => api.UpdateAsync(context))
            .Accepts<ConnectorRequest>("application/json");
        routes.MapDelete("/connector/{id}", (string id, ConnectorEndpoints api, CancellationToken cancellation) => api.DeleteAsync(id, cancellation));
        routes.MapGet("/connector/{id}/logs", (string id, HttpContext context, ConnectorEndpoints api) => api.LogsAsync(id, context));
    }

    private static ApiError NoConnector(string id) => ApiError.NotFound("connector", id);

    private static ConnectorDraft Read(RequestFields fields)
    {
        var configuration = fields.Object("built_in_ssh_service_configuration");
        return new ConnectorDraft(
            fields.FilledText("name") is { } name ? Names.Require("name", name) : null,
            fields.Text("description"),
            fields.Flag("built_in_ssh_service_enabled"),
            configuration is { } given ? CanonicalJson.Write(given.Element) : null);
    }

    private async Task<ListAnswer<ConnectorAnswer>> ListAsync(CancellationToken cancellation)
        => new([.. (await catalog.ListAsync(cancellation).ConfigureAwait(false)).Select(ConnectorAnswer.Of)]);

    private async Task<ConnectorAnswer> GetAsync(string id, CancellationToken cancellation)
    {
        var connectorId = new ConnectorId(id);
        var entry = await catalog.FindAsync(connectorId, cancellation).ConfigureAwait(false) ?? throw NoConnector(id);
        return await DescribeAsync(entry, cancellation).ConfigureAwait(false);
    }

    private async Task<ConnectorAnswer> CreateAsync(HttpContext context)
    {
        var fields = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        var name = Names.Require("name", fields.Text("name"));
        var entry = await catalog.CreateAsync(name, Read(fields), context.RequestAborted).ConfigureAwait(false);
        news.Changed([]);
        return await DescribeAsync(entry, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<ConnectorAnswer> UpdateAsync(HttpContext context)
    {
        var fields = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        var id = fields.FilledText("connector_id")
            ?? throw ApiError.Invalid("connector_id: it is missing; it says which connector is meant");
        var connectorId = new ConnectorId(id);
        var entry = await catalog.UpdateAsync(connectorId, Read(fields), context.RequestAborted).ConfigureAwait(false) ?? throw NoConnector(id);
        news.Changed([connectorId]);
        return await DescribeAsync(entry, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<EmptyAnswer> DeleteAsync(string id, CancellationToken cancellation)
    {
        var connectorId = new ConnectorId(id);
        if (!await catalog.DeleteAsync(connectorId, cancellation).ConfigureAwait(false))
        {
            throw NoConnector(id);
        }

        news.Deleted(connectorId);
        return EmptyAnswer.Instance;
    }

    private async Task<PagedAnswer<ConnectorLogAnswer>> LogsAsync(string id, HttpContext context)
    {
        var query = context.Request.Query;
        var page = PageQuery.Read(query);
        var severity = PageQuery.Filter(query, "severity");
        if (severity is not null && !Severities.Contains(severity))
        {
            throw ApiError.Invalid($"severity: \"{severity}\" is none; choose one of {string.Join(", ", Severities)}");
        }

        var connectorId = new ConnectorId(id);
        _ = await catalog.FindAsync(connectorId, context.RequestAborted).ConfigureAwait(false) ?? throw NoConnector(id);
        var records = await logs.ReadAsync(
            connectorId, severity, PageQuery.Filter(query, "socket_id"), PageQuery.Filter(query, "plugin_id"), page, context.RequestAborted)
            .ConfigureAwait(false);
        return new PagedAnswer<ConnectorLogAnswer>(PaginationAnswer.Of(records), [.. records.Records.Select(ConnectorLogAnswer.Of)]);
    }

    private async Task<ConnectorAnswer> DescribeAsync(ConnectorCatalog.Entry entry, CancellationToken cancellation)
    {
        var id = new ConnectorId(entry.Connector.Id);
        var session = await sessions.GetAsync(id, cancellation).ConfigureAwait(false);
        var seen = session.LastSeen is { } heard && heard.ToUnixTimeMilliseconds() > (entry.Connector.LastSeenAt ?? 0)
            ? heard.UtcDateTime
            : ApiJson.Time(entry.Connector.LastSeenAt);
        return ConnectorAnswer.Of(entry) with
        {
            LastSeenAt = seen,
            Session = new SessionAnswer(session.State, session.Epoch.Value, session.Leader?.Value, session.Since?.UtcDateTime),
            Replicas = ReplicaAnswer.Merge(session, edges.All(), new DesiredStateVersion(database.Incarnation, entry.Connector.DesiredVersion), database.Time.GetUtcNow()),
        };
    }
}
