using System.Globalization;
using System.Net;
using Connector.Server.Edge;

namespace Connector.Host.Configuration;

/// <summary>How values are written in files, flags and the environment. Each returns null for what it cannot read.</summary>
internal static class ConfigurationText
{
    /// <summary>500ms, 30s, 5m, 1h, or whole seconds. At most a day.</summary>
    public static TimeSpan? Duration(string text)
    {
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (digits is 0 or > 9)
        {
            return null;
        }

        var number = int.Parse(text[..digits], CultureInfo.InvariantCulture);
        TimeSpan? duration = text[digits..] switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "" or "s" => TimeSpan.FromSeconds(number),
            "m" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => null,
        };
        return duration <= TimeSpan.FromDays(1) ? duration : null;
    }

    /// <summary>10.0.0.0/8, or a single address.</summary>
    public static IPNetwork? Network(string text)
        => IPNetwork.TryParse(text, out var network) ? network
            : IPAddress.TryParse(text, out var address) && (text.Contains(':') || text.Count(letter => letter == '.') == 3)
                ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
                : null;

    /// <summary>20000-20099; both ends are meant.</summary>
    public static PortRange? Ports(string text)
    {
        var dash = text.IndexOf('-');
        return dash > 0
               && int.TryParse(text.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
               && int.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var last)
               && first is >= 1 and <= 65535 && last <= 65535 && first <= last
            ? new PortRange(first, last)
            : null;
    }

    /// <summary>127.0.0.1:9480, [::1]:9480, localhost:9480 or :9480 (all addresses).</summary>
    public static IPEndPoint? EndPoint(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port > IPEndPoint.MaxPort)
        {
            return null;
        }

        var host = text[..colon];
        return host switch
        {
            "" or "*" => new IPEndPoint(IPAddress.Any, port),
            "localhost" => new IPEndPoint(IPAddress.Loopback, port),
            ['[', .., ']'] => IPAddress.TryParse(host[1..^1], out var six) ? new IPEndPoint(six, port) : null,
            _ => !host.Contains(':') && IPAddress.TryParse(host, out var four) ? new IPEndPoint(four, port) : null,
        };
    }

    public const string HostAndPortExample = "a host and port such as tunnel.example.com:8444";

    /// <summary>Where others dial: host:port, 192.0.2.1:8444 or [2001:db8::1]:8444.</summary>
    public static string? HostAndPort(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0
               && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535
               && Uri.CheckHostName(text[..colon]) switch
               {
                   UriHostNameType.Dns or UriHostNameType.IPv4 => true,
                   UriHostNameType.IPv6 => text[0] == '[',
                   _ => false,
               }
            ? text
            : null;
    }

    public const string HostExample = "a host name or address such as edge.example.com";

    /// <summary>A name or an address; IPv6 without brackets.</summary>
    public static string? Host(string text) => Uri.CheckHostName(text) != UriHostNameType.Unknown && text[0] != '[' ? text : null;

    /// <summary>An address of the control plane: https://host:port, or host:port, or host (443).</summary>
    public static Uri? ServerUrl(string text)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"https://{text}";
        return Uri.TryCreate(full, UriKind.Absolute, out var url)
               && url.Scheme == Uri.UriSchemeHttps
               && url.Host.Length > 0
               && url.UserInfo.Length == 0
               && url.PathAndQuery == "/"
            ? url
            : null;
    }
}
