using Connector.Protocol.Ids;
using Google.Protobuf;

namespace Connector.Actors.Logs;

/// <summary>What a batch is known by at the control plane, besides its replica: one that comes again is not stored again.</summary>
/// <param name="Boot">Of the process that numbered it, which may be an earlier one.</param>
internal readonly record struct LogBatchId(BootId Boot, long Sequence)
{
    public ByteString BootBytes() => ByteString.CopyFrom(Boot.ToArray());

    /// <summary>Null when these are not 16 bytes.</summary>
    public static LogBatchId? Read(ByteString boot, long sequence)
        => boot.Length == BootId.Size ? new LogBatchId(BootId.Read(boot.Span), sequence) : null;
}
