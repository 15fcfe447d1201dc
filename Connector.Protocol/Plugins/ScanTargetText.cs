using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Connector.Protocol.Plugins;

/// <summary>
/// What stands in <c>target</c> of a network scan: CIDR, inclusive range, address, or the name of a host or a local interface. Names are resolved where
/// the scan runs.
/// </summary>
public abstract record ScanTargetText
{
    private const int LongestName = 253;

    private ScanTargetText()
    {
    }

    /// <summary>First and last address of one family, both included.</summary>
    public sealed record Addresses(IPAddress First, IPAddress Last) : ScanTargetText
    {
        public AddressRange Range => AddressRange.Of(First, Last);

        /// <inheritdoc cref="AddressRange.Count"/>
        public UInt128 Count => Range.Count;

        /// <summary>Of what is left of the position, in order.</summary>
        public IPAddress At(UInt128 position) => Range.At(position);

        /// <inheritdoc cref="AddressRange.HostsOf"/>
        public static Addresses HostsOf(IPNetwork network)
        {
            var hosts = AddressRange.HostsOf(network);
            return new Addresses(hosts.At(0), hosts.At(hosts.Last - hosts.First));
        }
    }

    public sealed record Name(string Value) : ScanTargetText;

    public static bool TryParse(string text, [NotNullWhen(true)] out ScanTargetText? target, [NotNullWhen(false)] out string? problem)
    {
        (target, problem) = (null, null);
        text = text.Trim();
        if (text.Contains('/', StringComparison.Ordinal))
        {
            if (!IPNetwork.TryParse(text, out var network))
            {
                problem = "not a network in CIDR form, such as 192.168.1.0/24 or fd00::/120";
                return false;
            }

            target = Addresses.HostsOf(network);
        }
        else if (IPAddress.TryParse(text, out var single) && IsWhole(text, single))
        {
            target = new Addresses(single, single);
        }
        else if (text.Split('-') is [var first, var last] && IPAddress.TryParse(first.Trim(), out var from) && IsWhole(first.Trim(), from))
        {
            if (!IPAddress.TryParse(last.Trim(), out var to) || to.AddressFamily != from.AddressFamily || !IsWhole(last.Trim(), to))
            {
                problem = "not a range: both ends must be addresses of one family, as in 10.0.0.5-10.0.0.20";
            }
            else if (AddressRange.Of(from, to) is var range && range.Last < range.First)
            {
                problem = "not a range: its end is before its beginning";
            }
            else
            {
                target = new Addresses(from, to);
            }
        }
        else if (IsName(text))
        {
            target = new Name(text);
        }
        else
        {
            problem = "neither a network (192.168.1.0/24), a range (10.0.0.5-10.0.0.20), an address, nor the name of a host or an interface";
        }

        return problem is null;
    }

    // "1" and "0x7f.1" are addresses for the parser, and mistakes for people.
    private static bool IsWhole(string text, IPAddress address)
        => address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId == 0 : text.Count(static c => c == '.') == 3 && address.ToString() == text;

    private static bool IsName(string text)
        => text.Length is > 0 and <= LongestName && !text.All(static c => char.IsAsciiDigit(c) || c == '.')
            && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '@');
}
