using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Connector.Server.Api;

/// <summary>Tokens that replicas present to the control plane.</summary>
internal sealed class ConnectorTokenEndpoints(
    ConnectorCatalog catalog, ControlDatabase database, TokenIssuer issuer, ControlPlaneOptions options, DesiredStateNews news)
{
    /// <summary>There is one administrator so far.</summary>
    private const string Creator = "admin";
    private const string DefaultName = "token";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/connector/token", (HttpContext context, ConnectorTokenEndpoints api) => api.CreateAsync(context))
            .Accepts<ConnectorTokenRequest>("application/json");
        routes.MapGet(
            "/connector/{id}/tokens", (string id, ConnectorTokenEndpoints api, CancellationToken cancellation) => api.ListAsync(id, cancellation));
        routes.MapGet(
            "/connector/{id}/token/{tokenId}",
            (string id, string tokenId, ConnectorTokenEndpoints api, CancellationToken cancellation) => api.GetAsync(id, tokenId, cancellation));
        routes.MapDelete(
            "/connector/{id}/token/{tokenId}",
            (string id, string tokenId, ConnectorTokenEndpoints api, CancellationToken cancellation) => api.DeleteAsync(id, tokenId, cancellation));
    }

    private async Task<ConnectorTokenAnswer> CreateAsync(HttpContext context)
    {
        var fields = await RequestBody.ReadAsync(context).ConfigureAwait(false);
        var id = fields.FilledText("connector_id")
            ?? throw ApiError.Invalid("connector_id: it is missing; it says which connector the token is for");
        var now = DateTimeOffset.FromUnixTimeSeconds(database.Now / 1000);
        var expiry = TokenExpiry.Read(fields, now);
        var connector = await FindAsync(id, context.RequestAborted).ConfigureAwait(false);
        var url = options.PublicUrl
            ?? throw new ApiError(
                412, "server.public_url is not set, and a token tells the replica where the server is; set it to the URL that replicas reach, and start again");

        var row = new ConnectorTokenRow
        {
            Id = Guid.NewGuid().ToString(), ConnectorId = id, Name = fields.FilledText("name", 200) ?? DefaultName, CreatedBy = Creator,
            CreatedAt = now.ToUnixTimeMilliseconds(), ExpiresAt = expiry?.ToUnixTimeMilliseconds(),
        };
        var token = issuer.IssueConnectorToken(new ConnectorTokenClaims(
            row.Id, new ConnectorId(id), database.OrganizationId, url, options.CaPins, now, expiry));
        return await catalog.AddTokenAsync(row, context.RequestAborted).ConfigureAwait(false)
            ? ConnectorTokenAnswer.Of(row, connector.Connector.Name, token)
            : throw ApiError.NotFound("connector", id);
    }

    private async Task<ConnectorTokensAnswer> ListAsync(string id, CancellationToken cancellation)
    {
        var connector = await FindAsync(id, cancellation).ConfigureAwait(false);
        var tokens = await catalog.ListTokensAsync(new ConnectorId(id), cancellation).ConfigureAwait(false);
        return new ConnectorTokensAnswer(
            [.. tokens.Select(token => ConnectorTokenAnswer.Of(token, connector.Connector.Name))], ConnectorAnswer.Of(connector));
    }

    private async Task<ConnectorTokenAnswer> GetAsync(string id, string tokenId, CancellationToken cancellation)
    {
        var connector = await FindAsync(id, cancellation).ConfigureAwait(false);
        return await catalog.FindTokenAsync(new ConnectorId(id), tokenId, cancellation).ConfigureAwait(false) is { } token
            ? ConnectorTokenAnswer.Of(token, connector.Connector.Name)
            : throw ApiError.NotFound("token", tokenId);
    }

    private async Task<EmptyAnswer> DeleteAsync(string id, string tokenId, CancellationToken cancellation)
    {
        if (!await catalog.RevokeTokenAsync(new ConnectorId(id), tokenId, cancellation).ConfigureAwait(false))
        {
            throw ApiError.NotFound("token", tokenId);
        }

        news.TokenRevoked(new ConnectorId(id), tokenId);
        return EmptyAnswer.Instance;
    }

    private async Task<ConnectorCatalog.Entry> FindAsync(string id, CancellationToken cancellation)
        => await catalog.FindAsync(new ConnectorId(id), cancellation).ConfigureAwait(false) ?? throw ApiError.NotFound("connector", id);
}
