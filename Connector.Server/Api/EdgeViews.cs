using Connector.Server.Feed;
using Connector.Server.Feed.Serving;

namespace Connector.Server.Api;

/// <summary>The edges as they are known now.</summary>
internal sealed class EdgeViews(EdgeDirectory directory, EdgeObservations observations)
{
    /// <summary>The one in this process first; never empty.</summary>
    public IReadOnlyList<EdgeView> All()
    {
        var known = directory.Known;
        var views = known.Select(edge => new EdgeView(edge.Id, edge.Name, edge.PublicHost, observations.Find(edge.Id))).ToList();

        // One that speaks before its ports are published.
        views.AddRange(observations.All.Where(heard => known.All(edge => edge.Id != heard.Id)).Select(heard => new EdgeView(heard.Id, heard.Id.Value, null, heard)));
        return views.Count > 0 ? views : [new EdgeView(BuiltInEdge.Id, BuiltInEdge.Name, null, null)];
    }
}
