using System.Globalization;
using System.Net;
using Connector.Protocol.Ids;
using Connector.Server.Edge.Admission;
using Connector.Server.Feed;
using Connector.Server.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Connector.Server.Api;

/// <summary>End users' streams, live and ended.</summary>
internal sealed class StreamSessionEndpoints(SessionHistory history, SessionIntake intake)
{
    private const string Live = "live";
    private const string Ended = "ended";

    private static readonly (string Name, JsonSchemaType Type, string? Format, string Description)[] Parameters =
    [
        ("state", JsonSchemaType.String, null, "live or ended; both when it is absent: the live ones first, then newest end first"),
        ("socket_id", JsonSchemaType.String, null, "of this socket, also of a deleted one"),
        ("connector_id", JsonSchemaType.String, null, "served by this connector"),
        ("replica_id", JsonSchemaType.String, null, "served by this replica"),
        ("client", JsonSchemaType.String, null, "of this address, or of this address and port"),
        ("since", JsonSchemaType.String, "date-time", "not ended before this time"),
        ("until", JsonSchemaType.String, "date-time", "not started after this time"),
        ("page", JsonSchemaType.Integer, "int32", "from 1"),
        ("page_size", JsonSchemaType.Integer, "int32", "up to 1000; 100 when it is absent"),
    ];

    public static void Map(IEndpointRouteBuilder routes)
        => routes.MapGet("/sessions", (HttpContext context, StreamSessionEndpoints api) => api.ListAsync(context))
            .WithSummary("End users' streams")
            .AddOpenApiOperationTransformer((operation, _, _) =>
            {
                operation.Parameters =
                [
                    .. Parameters.Select(parameter => new OpenApiParameter
                    {
                        Name = parameter.Name,
                        In = ParameterLocation.Query,
                        Description = parameter.Description,
                        Schema = new OpenApiSchema { Type = parameter.Type, Format = parameter.Format },
                    }),
                ];
                return Task.CompletedTask;
            });

    private async Task<StreamSessionsAnswer> ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var page = PageQuery.Read(query);
        var state = PageQuery.Filter(query, "state");
        if (state is not (null or Live or Ended))
        {
            throw ApiError.Invalid($"state: \"{state}\" is none; choose {Live} or {Ended}, or leave it out for both");
        }

        var filter = FilterOf(query);
        IReadOnlyList<SessionRecord> live = state == Ended ? [] : intake.Live.Matching(filter);
        var skip = (long)(page.Number - 1) * page.Size;
        var shown = live.Skip((int)Math.Min(skip, live.Count)).Take(page.Size).Select(StreamSessionAnswer.Of).ToList();
        var total = live.Count;
        if (state != Live)
        {
            // Behind the live ones.
            var (records, count) = await history.ReadAsync(filter, Math.Max(0, skip - live.Count), page.Size - shown.Count, context.RequestAborted).ConfigureAwait(false);
            shown.AddRange(records.Select(StreamSessionAnswer.Of));
            total += count;
        }

        return new StreamSessionsAnswer(PaginationAnswer.Of(new Page<StreamSessionAnswer>(shown, page, total)), shown, intake.DroppedRecords);
    }

    private static SessionFilter FilterOf(IQueryCollection query)
        => new(
            PageQuery.Filter(query, "socket_id") is { } socket ? new SocketId(socket) : null,
            PageQuery.Filter(query, "connector_id") is { } connector ? new ConnectorId(connector) : null,
            PageQuery.Filter(query, "replica_id") is { } replica ? new ReplicaId(replica) : null,
            PageQuery.Filter(query, "client") is { } client ? Client(client) : null,
            Time(query, "since"),
            Time(query, "until"));

    private static IPEndPoint Client(string text)
        => IPEndPoint.TryParse(text, out var client)
            ? new IPEndPoint(ClientAdmission.Normalize(client.Address), client.Port)
            : throw ApiError.Invalid($"client: expected an address such as 192.0.2.7, or with a port 192.0.2.7:51000 or [2001:db8::7]:51000, got \"{text}\"");

    private static DateTimeOffset? Time(IQueryCollection query, string name)
    {
        if (PageQuery.Filter(query, name) is not { } text)
        {
            return null;
        }

        // A plus sign that was not escaped arrives as a space.
        return Parse(text) ?? Parse(text.Replace(' ', '+'))
            ?? throw ApiError.Invalid($"{name}: expected a time such as 2026-11-22T14:00:00Z, got \"{text}\"");
    }

    private static DateTimeOffset? Parse(string text)
        => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;
}
