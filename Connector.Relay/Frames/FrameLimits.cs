namespace Connector.Relay.Frames;

/// <summary>Sizes of the protocol, and the content length each frame type may have. Checked before memory is taken.</summary>
internal static class FrameLimits
{
    public const int HeaderSize = 12;
    public const int MaxData = 64 << 10;
    public const int DataFixed = 8;
    public const int MaxHello = 16 << 10;
    public const int MaxText = 512;
    public const int MaxTicket = 12 << 10;

    /// <summary>Longest content of a frame other than DATA.</summary>
    public const int MaxControl = 64 << 10;

    public static bool IsAllowed(FrameType type, uint length) => type switch
    {
        FrameType.Hello => length <= MaxHello,
        FrameType.Welcome or FrameType.Reject => length <= 4096,
        FrameType.Ticket => length <= MaxTicket + 2,
        FrameType.TicketAck => length <= 1024,
        FrameType.Ping or FrameType.Pong => length == 8,
        FrameType.GoAway => length is >= 14 and <= 1024,
        FrameType.GoAwayAck => length == 4,
        FrameType.Serve or FrameType.Unserve or FrameType.ServeAck => length is > 0 and <= 512,
        FrameType.LaneDead => length == 4,
        FrameType.Echo or FrameType.EchoReply => length <= 64,
        FrameType.Open => length <= 8192,
        FrameType.Accepted => length == 0,
        FrameType.Opened => length == 8,
        FrameType.Refused => length <= 1024,
        FrameType.Data => length is >= DataFixed and <= MaxData + DataFixed,
        FrameType.Credit => length == 16,
        FrameType.Fin => length == 8,
        FrameType.Reset => length == 2,
        FrameType.Resume => length <= MaxControl,
        _ => false,
    };
}
