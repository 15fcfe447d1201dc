using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Network;

/// <summary>All pairs of address and port, handed out one by one to whoever asks: port by port, so that no host is asked for all its ports at once.</summary>
internal sealed class ProbeSequence
{
    private readonly ImmutableArray<AddressRange> ranges;
    private readonly ImmutableArray<int> ports;
    private readonly long addresses;
    private long next = -1;

    public ProbeSequence(ImmutableArray<AddressRange> ranges, IEnumerable<int> ports)
    {
        this.ranges = ranges;
        this.ports = [.. ports.Distinct()];
        addresses = ranges.Sum(static range => (long)range.Count);
        Total = addresses * this.ports.Length;
    }

    public long Total { get; }

    public bool TryNext([NotNullWhen(true)] out IPEndPoint? probe)
    {
        var position = Interlocked.Increment(ref next);
        probe = position < Total ? new IPEndPoint(Address(position % addresses), ports[(int)(position / addresses)]) : null;
        return probe is not null;
    }

    private IPAddress Address(long position)
    {
        foreach (var range in ranges)
        {
            if (position < (long)range.Count)
            {
                return range.At((UInt128)position);
            }

            position -= (long)range.Count;
        }

        throw new ArgumentOutOfRangeException(nameof(position));
    }
}
