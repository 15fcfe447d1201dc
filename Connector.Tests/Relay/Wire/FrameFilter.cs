using Connector.Relay.Frames;

namespace Connector.Tests.Relay.Wire;

/// <summary>Lets frames of some types through and swallows the others, as a peer does whose code for these hangs.</summary>
internal static class FrameFilter
{
    public static Func<byte[], byte[]> Only(params FrameType[] types) => written =>
    {
        var kept = new List<byte>();
        for (var at = 0; at < written.Length;)
        {
            var header = FrameHeader.Read(written.AsSpan(at));
            var end = at + FrameLimits.HeaderSize + header.Length;
            if (types.Contains(header.Type))
                kept.AddRange(written[at..end]);
            at = end;
        }

        return [.. kept];
    };
}
