using System.Collections.Immutable;
using Connector.Server.Store.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Connector.Server.Api;

/// <summary>What clients ask of the server itself.</summary>
internal static class ServerEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        // What was written can be read at once.
        routes.MapGet("/serverinfo", () => new ServerInfoAnswer(new ServerInfoAnswer.Consistency(0)));
        routes.MapGet("/organization", (ControlDatabase database) => new OrganizationAnswer(
            database.OrganizationId, database.OrganizationName, database.Subdomain, ImmutableDictionary<string, string>.Empty));
    }

    internal sealed record ServerInfoAnswer(ServerInfoAnswer.Consistency DataConsistency)
    {
        internal sealed record Consistency(int RxAfterTxDelayMs);
    }

    internal sealed record OrganizationAnswer(string Id, string Name, string Subdomain, IReadOnlyDictionary<string, string> Certificate);
}
