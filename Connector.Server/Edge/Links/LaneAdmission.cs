using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;

namespace Connector.Server.Edge.Links;

/// <summary>Decides which link a lane with a good ticket belongs to.</summary>
internal static class LaneAdmission
{
    public const byte ProtocolVersion = 1;

    private static readonly TimeSpan RetryWhenBusy = TimeSpan.FromSeconds(5);

    /// <summary>What HELLO alone shows to be wrong; null when nothing is.</summary>
    public static LaneRefusal? CheckHello(LaneHello hello)
    {
        if (hello.MinVersion > ProtocolVersion || hello.MaxVersion < ProtocolVersion)
        {
            return new(
                RejectCode.Version, $"this edge speaks version {ProtocolVersion}, the replica {hello.MinVersion} to {hello.MaxVersion}");
        }

        return hello.Kind is LaneKind.Shared or LaneKind.Bulk ? null : new(RejectCode.Protocol, $"lane kind {(int)hello.Kind} is not known");
    }

    /// <param name="links">All links of this edge that have the HELLO's link id, the same key, or the same connector; others do not matter.</param>
    public static LaneVerdict Decide(LinkKey key, ConnectorId connector, IEnumerable<LinkFacts> links, EdgeLimits limits)
    {
        var ofConnector = 0;
        var over = new List<LinkKey>();
        foreach (var link in links)
        {
            if (link.Key.LinkId == key.LinkId)
            {
                return link.Key != key || link.Connector != connector
                    ? new LaneVerdict.Refuse(new(RejectCode.LinkMismatch, "the link id is known with another key or boot id"))
                    : link.Lanes >= limits.LanesPerLink
                        ? new LaneVerdict.Refuse(new(RejectCode.Busy, $"the link has {link.Lanes} lanes already, the most it may have", RetryWhenBusy))
                        : LaneVerdict.Join.Instance;
            }

            if (link.Key.Thumbprint == key.Thumbprint && link.Key.BootId != key.BootId && link.Lanes == 0)
            {
                // The process that made it is gone, or is a clone that lost its lanes: nobody can resume it that matters.
                over.Add(link.Key);
            }
            else if (link.Connector == connector)
            {
                ofConnector++;
            }
        }

        return ofConnector >= limits.LinksPerConnector
            ? new LaneVerdict.Refuse(new(
                RejectCode.Busy, $"the connector has {ofConnector} links to this edge already, the most it may have", RetryWhenBusy))
            : new LaneVerdict.Create(over);
    }
}
