using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Server.Feed;
using Connector.Server.Feed.Serving;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Connector.Server.Api;

/// <summary>Edges that run as processes of their own, and their credentials.</summary>
internal sealed class EdgeEndpoints(EdgeCatalog catalog, EdgeFeedServices feed, ControlDatabase database, TokenIssuer issuer, ControlPlaneOptions options)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/edges", (EdgeEndpoints api, CancellationToken cancellation) => api.ListAsync(cancellation));
        routes.MapPost("/edge", (HttpContext context, EdgeEndpoints api) => api.CreateAsync(context)).Accepts<EdgeRequest>("application/json");
        routes.MapGet("/edge/{id}", (string id, EdgeEndpoints api, CancellationToken cancellation) => api.GetAsync(id, cancellation));
        routes.MapDelete("/edge/{id}", (string id, EdgeEndpoints api, CancellationToken cancellation) => api.DeleteAsync(id, cancellation));
        routes.MapPost("/edge/{id}/credential", (string id, HttpContext context, EdgeEndpoints api) => api.ReplaceAsync(id, context)).Accepts<EdgeCredentialRequest>("application/json");
    }

    private async Task<ListAnswer<EdgeAnswer>> ListAsync(CancellationToken cancellation)
    {
        var rows = await catalog.ListAsync(cancellation).ConfigureAwait(false);
        var desired = await DesiredAsync(cancellation).ConfigureAwait(false);
        return new([.. BuiltIn().Select(EdgeAnswer.Of), .. rows.Select(row => Of(row, desired))]);
    }

    private async Task<EdgeAnswer> GetAsync(string id, CancellationToken cancellation)
    {
        if (BuiltIn().FirstOrDefault(edge => edge.Id.Value == id) is { } own)
        {
            return EdgeAnswer.Of(own);
        }

        var row = await catalog.FindAsync(id, cancellation).ConfigureAwait(false) ?? throw NoEdge(id);
        return Of(row, await DesiredAsync(cancellation).ConfigureAwait(false));
    }

    private async Task<EdgeAnswer> CreateAsync(HttpContext context)
    {
        var fields = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        var name = Names.Require("name", fields.Text("name"));
        if (name == BuiltInEdge.Name)
        {
            throw ApiError.Invalid($"name: \"{BuiltInEdge.Name}\" is the edge in the control plane's own process; choose another name");
        }

        var now = Now();
        var expiry = TokenExpiry.Read(fields, now);
        var url = PublicUrl();
        var row = new EdgeRow
        {
            Id = Guid.NewGuid().ToString(), Name = name, CredentialId = Guid.NewGuid().ToString(), CredentialExpiresAt = expiry?.ToUnixTimeMilliseconds(),
            CreatedAt = now.ToUnixTimeMilliseconds(),
        };
        var token = Issue(row, url, now, expiry);
        await catalog.CreateAsync(row, context.RequestAborted).ConfigureAwait(false);
        return EdgeAnswer.Of(row, null, await DesiredAsync(context.RequestAborted).ConfigureAwait(false), token);
    }

    /// <summary>The edge goes on under the new one; its stream with the old one ends at once.</summary>
    private async Task<EdgeAnswer> ReplaceAsync(string id, HttpContext context)
    {
        RefuseBuiltIn(id);
        var now = Now();
        var expiry = context.Request.ContentLength is null or 0 ? null : TokenExpiry.Read(await RequestBody.ReadAsync(context).ConfigureAwait(false), now);
        var url = PublicUrl();
        var row = await catalog.ReplaceCredentialAsync(id, Guid.NewGuid().ToString(), expiry?.ToUnixTimeMilliseconds(), context.RequestAborted).ConfigureAwait(false) ?? throw NoEdge(id);
        feed.Connections.End(new EdgeId(row.Id), StatusCode.Unauthenticated, EdgeFeedService.ReplacedText);
        return EdgeAnswer.Of(row, null, await DesiredAsync(context.RequestAborted).ConfigureAwait(false), Issue(row, url, now, expiry));
    }

    private async Task<EmptyAnswer> DeleteAsync(string id, CancellationToken cancellation)
    {
        RefuseBuiltIn(id);
        var row = await catalog.DeleteAsync(id, cancellation).ConfigureAwait(false) ?? throw NoEdge(id);

        // It is gone: what follows is not to be broken off by a client that leaves.
        await feed.DeletedAsync(new EdgeId(row.Id), row.Name, CancellationToken.None).ConfigureAwait(false);
        return EmptyAnswer.Instance;
    }

    private static ApiError NoEdge(string id) => ApiError.NotFound("edge", id);

    private static void RefuseBuiltIn(string id)
    {
        if (id == BuiltInEdge.Name)
        {
            throw ApiError.Invalid($"\"{BuiltInEdge.Name}\" is the edge in the control plane's own process and has no credential; start the server with --roles control to be without it");
        }
    }

    private IEnumerable<KnownEdge> BuiltIn() => feed.Directory.Known.Where(edge => edge.Id == BuiltInEdge.Id);

    private EdgeAnswer Of(EdgeRow row, DesiredStateVersion desired) => EdgeAnswer.Of(row, feed.Connections.Find(new EdgeId(row.Id)), desired);

    private Task<DesiredStateVersion> DesiredAsync(CancellationToken cancellation) => database.ReadAsync("reading the store's version", database.Version, cancellation);

    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(database.Now / 1000);

    private Uri PublicUrl() => options.PublicUrl
        ?? throw new ApiError(412, "server.public_url is not set, and a credential tells the edge where the server is; set it to the URL that edges reach, and start again");

    private string Issue(EdgeRow row, Uri url, DateTimeOffset now, DateTimeOffset? expiry) => issuer.IssueEdgeCredential(
        new EdgeCredentialClaims(row.CredentialId, new EdgeId(row.Id), database.OrganizationId, url, options.CaPins, now, expiry));
}
