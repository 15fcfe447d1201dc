using Connector.Relay.Accounting;

namespace Connector.Relay.Memory;

/// <param name="PoolBytes">Bytes of buffers and promised windows beyond each stream's reserve, for the whole process.</param>
/// <param name="MaxStreams">Streams that may be live at once; each has 16 KiB reserved.</param>
/// <param name="Poison">Overwrite buffers when they come back. For tests.</param>
public sealed record RelayMemoryOptions(long PoolBytes = 64L << 20, int MaxStreams = 16384, bool Poison = false)
{
    /// <summary>Under which end of its links this relay is counted.</summary>
    public RelayEnd End { get; init; } = RelayEnd.Replica;
}
