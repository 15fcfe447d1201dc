namespace Connector.Relay.Frames;

internal enum FrameType : byte
{
    Hello = 0x01,
    Welcome = 0x02,
    Reject = 0x03,
    Ticket = 0x04,
    TicketAck = 0x05,
    Ping = 0x06,
    Pong = 0x07,
    GoAway = 0x08,
    GoAwayAck = 0x09,
    Serve = 0x0A,
    Unserve = 0x0B,
    ServeAck = 0x0C,
    LaneDead = 0x0D,
    Echo = 0x0E,
    EchoReply = 0x0F,
    Open = 0x10,
    Accepted = 0x11,
    Opened = 0x12,
    Refused = 0x13,
    Data = 0x14,
    Credit = 0x15,
    Fin = 0x16,
    Reset = 0x17,
    Resume = 0x18,
}
