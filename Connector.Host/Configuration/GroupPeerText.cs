using System.Globalization;
using System.Net;
using Connector.Actors.Group;

namespace Connector.Host.Configuration;

/// <summary>How the address of a replica is written: host:port, 192.0.2.1:9500 or [2001:db8::1]:9500. The same replica always gives the same text.</summary>
internal static class GroupPeerText
{
    public const string Example = "a host and port such as 10.0.0.11:9500";

    /// <summary>The peer, or what is wrong with the text.</summary>
    public static (GroupPeer? Peer, string? Problem) Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || text[..colon] is ['[', ..] and not [.., ']'] || text is [.., ']'])
        {
            return (null, $"\"{Shown(text)}\" names no port");
        }

        if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > IPEndPoint.MaxPort)
        {
            return (null, $"\"{Shown(text)}\": \"{Shown(text[(colon + 1)..])}\" is no port from 1 to 65535");
        }

        if (port == 0)
        {
            return (null, $"\"{Shown(text)}\": port 0 would be another one after each start, and peers could not name it");
        }

        return Host(text[..colon]) is { } host
            ? (new GroupPeer(host, port), null)
            : (null, $"\"{Shown(text)}\": \"{Shown(text[..colon])}\" is neither a name nor an address{(text[..colon].Contains(':') ? "; an IPv6 address stands in brackets" : "")}");
    }

    /// <summary>A name in lower case or an address in its usual form; null for anything else.</summary>
    public static string? Host(string text) => text switch
    {
        ['[', .., ']'] => IPAddress.TryParse(text[1..^1], out var six) && text.Contains(':') ? six.ToString() : null,
        _ when text.Contains(':') => null,
        _ when string.Equals(text, "localhost", StringComparison.OrdinalIgnoreCase) => IPAddress.Loopback.ToString(),
        _ => Uri.CheckHostName(text) switch
        {
            UriHostNameType.IPv4 => IPAddress.Parse(text).ToString(),
            UriHostNameType.Dns => text.TrimEnd('.').ToLowerInvariant(),
            _ => null,
        },
    };

    public static bool IsLoopback(string host) => IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address);

    public static bool IsWildcard(string host) => IPAddress.TryParse(host, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    private static string Shown(string text) => text.Length <= 80 ? text : text[..80] + "...";
}
