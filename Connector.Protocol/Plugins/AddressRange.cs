using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Connector.Protocol.Plugins;

/// <summary>Addresses of one family from the first to the last, both included; never written out one by one.</summary>
public readonly record struct AddressRange(AddressFamily Family, UInt128 First, UInt128 Last)
{
    public static AddressRange Of(IPAddress first, IPAddress last) => new(first.AddressFamily, Number(first), Number(last));

    /// <summary>Saturated: 2^128 addresses count as one less.</summary>
    public UInt128 Count => Last - First is var distance && distance == UInt128.MaxValue ? distance : distance + 1;

    /// <summary>Those of a network that hosts can have: without its own address and its broadcast address, where it has more than two.</summary>
    public static AddressRange HostsOf(IPNetwork network)
    {
        var isV4 = network.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
        var free = (isV4 ? 32 : 128) - network.PrefixLength;
        var first = Number(network.BaseAddress);
        var last = first | (free == 128 ? UInt128.MaxValue : (UInt128.One << free) - 1);
        return isV4 && free > 1
            ? new AddressRange(network.BaseAddress.AddressFamily, first + 1, last - 1)
            : new AddressRange(network.BaseAddress.AddressFamily, first, last);
    }

    /// <summary>The same addresses in order, none of them twice.</summary>
    public static ImmutableArray<AddressRange> Merged(IEnumerable<AddressRange> ranges)
    {
        var merged = new List<AddressRange>();
        foreach (var range in ranges.OrderBy(static range => range.Family).ThenBy(static range => range.First))
        {
            if (merged is [.., var last] && last.Family == range.Family && range.First <= last.Last)
            {
                merged[^1] = last with { Last = UInt128.Max(last.Last, range.Last) };
            }
            else
            {
                merged.Add(range);
            }
        }

        return [.. merged];
    }

    public IPAddress At(UInt128 position)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, First + position);
        return new IPAddress(Family == AddressFamily.InterNetwork ? bytes[12..] : bytes);
    }

    private static UInt128 Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        address.TryWriteBytes(address.AddressFamily == AddressFamily.InterNetwork ? bytes[12..] : bytes, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
