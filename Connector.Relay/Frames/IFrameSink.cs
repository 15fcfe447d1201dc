namespace Connector.Relay.Frames;

/// <summary>What a decoder hands over. The spans are valid only during the call.</summary>
internal interface IFrameSink
{
    /// <summary>A whole frame other than DATA.</summary>
    void Control(FrameHeader header, ReadOnlySpan<byte> content);

    /// <summary>A part of a DATA frame's bytes, in order; a frame may come in several parts, an empty frame in one empty part.</summary>
    /// <param name="following">Bytes of the same frame that are still to come.</param>
    void Data(uint stream, long offset, ReadOnlySpan<byte> bytes, int following);
}
