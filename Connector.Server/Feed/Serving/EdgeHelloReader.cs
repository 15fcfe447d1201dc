using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;
using Connector.Server.Feed.Wire;
using Connector.Server.Store;

namespace Connector.Server.Feed.Serving;

/// <summary>Reads what an edge says of itself, within bounds. What it says is told to every replica.</summary>
internal static class EdgeHelloReader
{
    /// <exception cref="FeedProtocolException">Says what is wrong with it, and what the edge's operator should change.</exception>
    public static (BootId Boot, EdgePresence Presence) Read(EdgeHello hello)
    {
        var boot = LinksDecoder.BootOf(hello.BootId);
        if (hello.TunnelAddresses.Count is 0 or > FeedBounds.MaxAddresses || hello.TunnelAddresses.FirstOrDefault(address => !IsHostAndPort(address)) is not null)
        {
            throw new FeedProtocolException(
                $"the edge's tunnel addresses are \"{FeedBounds.Cut(string.Join(", ", hello.TunnelAddresses), FeedBounds.MaxName)}\"; set its tunnel_address to a host and a port that replicas reach");
        }

        if (hello.CaPins.Count > FeedBounds.MaxPins || hello.CaPins.Any(pin => !ServerTrust.IsPin(pin)))
        {
            throw new FeedProtocolException("the pins of the edge's certificate authority cannot be read; is it of another version?");
        }

        if (Uri.CheckHostName(hello.PublicHost.Trim('[', ']')) == UriHostNameType.Unknown || hello.PublicHost.Length > FeedBounds.MaxName)
        {
            throw new FeedProtocolException($"the edge's public_host \"{FeedBounds.Cut(hello.PublicHost, FeedBounds.MaxName)}\" is no host name or address; set it to what end users dial");
        }

        return (boot, new EdgePresence([.. hello.TunnelAddresses], [.. hello.CaPins], hello.PublicHost, FeedBounds.Cut(hello.SoftwareVersion, FeedBounds.MaxName)));
    }

    private static bool IsHostAndPort(string text)
        => text.Length <= FeedBounds.MaxName && text.LastIndexOf(':') is > 0 and var colon && ushort.TryParse(text.AsSpan(colon + 1), out var port) && port > 0
            && Uri.CheckHostName(text[..colon].Trim('[', ']')) != UriHostNameType.Unknown;
}
