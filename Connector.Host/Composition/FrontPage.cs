using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Connector.Host.Composition;

/// <summary>What a browser gets at the portal's address until there is a portal.</summary>
internal static class FrontPage
{
    private const string Html =
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>Border0.Actors</title>
        <style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}code{background:#eee;padding:.1rem .3rem}</style>
        </head><body><h1>Border0.Actors</h1>
        <p>The control plane runs. This version is managed through its REST API at <code>/api/v1</code> with the admin token;
        the description is at <a href="/openapi/v1.json">/openapi/v1.json</a>.</p>
        <p><code>curl -H "Authorization: Bearer $TOKEN" /api/v1/sockets</code></p>
        </body></html>
        """;

    public static void MapFrontPage(this WebApplication app) => app.MapGet("/", () => Results.Content(Html, "text/html; charset=utf-8"));
}
