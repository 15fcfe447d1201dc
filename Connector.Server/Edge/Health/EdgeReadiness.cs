using System.Globalization;
using System.Text.Json;
using Connector.Protocol.Json;
using Connector.Server.Feed.Following;

namespace Connector.Server.Edge.Health;

/// <summary>What an edge of its own says of its health. Decisions and words only.</summary>
internal static class EdgeReadiness
{
    /// <summary>Ready to be sent users: with a state that is not too old. A stale one is no reason to send them elsewhere: the control plane is away for every edge.</summary>
    public static (bool Good, string Text) Ready(FeedCondition feed) => feed.State switch
    {
        FeedConditionState.Fresh => (true, "ready"),
        FeedConditionState.Stale => (true, $"ready, stale: the control plane was not heard since {Utc(feed.HeardAt)}: {feed.Reason}"),
        FeedConditionState.TooOld => (false, $"not ready: the control plane was not heard since {Utc(feed.HeardAt)}, longer than any ticket lives: {feed.Reason}"),
        _ => (false, $"not ready: the control plane was never heard, and there is no state of an earlier run: {feed.Reason}"),
    };

    /// <summary>Canonical JSON.</summary>
    public static string StatusJson(EdgeFacts edge, FeedCondition feed) => CanonicalJson.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("edge_id", edge.EdgeId.Value);
        writer.WritePropertyName("feed");
        WriteFeed(writer, feed);
        writer.WriteNumber("lanes", edge.Lanes);
        writer.WriteNumber("links", edge.Links);
        writer.WriteBoolean("ready", Ready(feed).Good);
        writer.WriteString("role", "edge");
        writer.WriteNumber("sockets", edge.Sockets);
        writer.WriteString("tunnel", edge.Tunnel);
        writer.WriteEndObject();
    });

    private static void WriteFeed(Utf8JsonWriter writer, FeedCondition feed)
    {
        writer.WriteStartObject();
        if (feed.HeardAt is { } heard)
        {
            writer.WriteString("heard_at", Utc(heard));
        }

        if (feed.Reason.Length > 0)
        {
            writer.WriteString("reason", feed.Reason);
        }

        writer.WriteString("since", Utc(feed.Since));
        writer.WriteString("state", JsonNamingPolicy.SnakeCaseLower.ConvertName(feed.State.ToString()));
        if (feed.Version is { } version)
        {
            writer.WriteString("version", version.ToString());
        }

        writer.WriteEndObject();
    }

    private static string Utc(DateTimeOffset? time) => time is { } known ? known.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : "never";
}
