using Connector.Protocol.Control.Wire;
using Google.Protobuf;
using static Connector.Actors.Control.ReplicaAgentProtocol;

namespace Connector.Actors.Control;

/// <summary>A desired state in pieces that do not hold up the heartbeats they travel with, and back. Not thread-safe: it belongs to one actor.</summary>
internal sealed class WholeParts
{
    private const int PartSize = 48 * 1024;

    // What the control stream may carry at once, see GrpcControlTransport.
    private const int MostParts = 32 * 1024 * 1024 / PartSize;

    private readonly List<byte[]> parts = [];
    private (Guid Session, long Sequence, int Parts) of;

    public static IEnumerable<PushWhole> Cut(Guid session, long sequence, Init whole)
    {
        var bytes = whole.ToByteArray();
        var count = Math.Max(1, (bytes.Length + PartSize - 1) / PartSize);
        for (var i = 0; i < count; i++)
            yield return new PushWhole(session, sequence, i, count, bytes[(i * PartSize)..Math.Min(bytes.Length, (i + 1) * PartSize)]);
    }

    /// <returns>The whole with its last part; null before, and when a part is missing: then nothing comes of it.</returns>
    public Init? Add(PushWhole part)
    {
        if (part.Part == 0)
        {
            parts.Clear();
            of = (part.Session, part.Sequence, part.Parts);
        }

        if (of != (part.Session, part.Sequence, part.Parts) || part.Part != parts.Count || part.Parts is < 1 or > MostParts || part.Bytes.Length > PartSize)
        {
            parts.Clear();
            of = default;
            return null;
        }

        parts.Add(part.Bytes);
        if (parts.Count < part.Parts)
            return null;
        var whole = parts.Count == 1 ? parts[0] : [.. parts.SelectMany(bytes => bytes)];
        parts.Clear();
        of = default;
        return Init.Parser.ParseFrom(whole);
    }
}
