using System.Diagnostics;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using CsCheck;

namespace Connector.Tests.Relay.Frames;

[Trait("kind", Kinds.Pure)]
public sealed class FrameDecoderTests
{
    [Fact]
    public void Frames_cut_anywhere_decode_to_the_same_content()
    {
        var frame = Gen.OneOf(
            Gen.Select(Gen.UInt[1, 9], Gen.Byte.Array[0, 3000], Gen.Long[0, 1L << 40]).Select((id, bytes, offset) => DataFrame(id, offset, bytes)),
            Gen.UInt[1, 9].Select(id => ControlFrames.Refused(id, RefusalCode.Busy, "no room")),
            Gen.Int[1, 1000].Select(ControlFrames.LaneDead));
        Gen.Select(frame.Array[1, 12], Gen.Int[1, 4000].Array[1, 40]).Sample((frames, cuts) =>
        {
            var whole = frames.SelectMany(static f => f).ToArray();
            var expected = new Recorder();
            Assert.Equal(whole.Length, new FrameDecoder().Decode(whole, expected));

            var got = new Recorder();
            var decoder = new FrameDecoder();
            var pending = new List<byte>();
            var at = 0;
            for (var i = 0; at < whole.Length; i++)
            {
                var take = Math.Min(cuts[i % cuts.Length], whole.Length - at);
                pending.AddRange(whole.AsSpan(at, take));
                at += take;
                pending.RemoveRange(0, decoder.Decode(pending.ToArray(), got));
            }

            Assert.Empty(pending);
            Assert.Equal(expected.Text(), got.Text());
        });
    }

    [Fact]
    public void Garbage_is_refused_or_waits_for_more_and_never_does_anything_else()
    {
        var watch = Stopwatch.StartNew();
        var random = new Random(20261122);
        var buffer = new byte[4096];
        var refused = 0;
        var rounds = 0;
        while (watch.Elapsed < TimeSpan.FromSeconds(5) && rounds < 400_000)
        {
            rounds++;
            var length = random.Next(buffer.Length);
            random.NextBytes(buffer.AsSpan(0, length));

            // Most garbage dies at the first byte; make headers plausible so that contents are reached as well.
            if (length > 16 && rounds % 4 != 0)
            {
                buffer[0] = (byte)random.Next(0, 0x1A);
                buffer.AsSpan(1, 3).Clear();
                buffer.AsSpan(8, 2).Clear();
                buffer[10] = (byte)random.Next(0, 4);
            }

            var sink = new Interpreting();
            try
            {
                var consumed = new FrameDecoder().Decode(buffer.AsSpan(0, length), sink);
                Assert.InRange(consumed, 0, length);
            }
            catch (LaneProtocolException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, rounds / 10, rounds);
    }

    [Theory]
    [InlineData(0x14, 65_536 + 8 + 1)]
    [InlineData(0x14, 7)]
    [InlineData(0x01, (16 << 10) + 1)]
    [InlineData(0x06, 9)]
    [InlineData(0x18, int.MaxValue)]
    [InlineData(0x00, 0)]
    [InlineData(0x19, 0)]
    public void Length_or_type_that_is_not_allowed_is_refused_before_any_content(byte type, int length)
    {
        var header = new byte[12];
        header[0] = type;
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(8), length);
        Assert.Throws<LaneProtocolException>(() => new FrameDecoder().Decode(header, new Recorder()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Flags_and_reserved_bits_must_be_zero(int index)
    {
        var frame = ControlFrames.LaneDead(3);
        frame[index] = 1;
        Assert.Throws<LaneProtocolException>(() => new FrameDecoder().Decode(frame, new Recorder()));
    }

    internal static byte[] DataFrame(uint id, long offset, ReadOnlySpan<byte> bytes)
        => new ContentWriter().U64(offset).Bytes(bytes).Frame(FrameType.Data, id);

    private sealed class Recorder : IFrameSink
    {
        private readonly List<string> events = [];

        public void Control(FrameHeader header, ReadOnlySpan<byte> content) => events.Add($"{header} {Convert.ToHexString(content)}");

        public void Data(uint stream, long offset, ReadOnlySpan<byte> bytes, int following)
        {
            for (var i = 0; i < bytes.Length; i++)
                events.Add($"{stream} {offset + i} {bytes[i]}");
        }

        public string Text() => string.Join('\n', events);
    }

    /// <summary>Reads every content as the links do.</summary>
    private sealed class Interpreting : IFrameSink
    {
        public void Control(FrameHeader header, ReadOnlySpan<byte> content)
        {
            switch (header.Type)
            {
                case FrameType.Hello: ControlFrames.ReadHello(content); break;
                case FrameType.Welcome: ControlFrames.ReadWelcome(content); break;
                case FrameType.Reject: ControlFrames.ReadReject(content); break;
                case FrameType.Ticket: ControlFrames.ReadTicket(content); break;
                case FrameType.TicketAck: ControlFrames.ReadTicketAck(content); break;
                case FrameType.GoAway: ControlFrames.ReadGoAway(content); break;
                case FrameType.Serve: ControlFrames.ReadServe(content); break;
                case FrameType.Unserve: ControlFrames.ReadUnserve(content); break;
                case FrameType.ServeAck: ControlFrames.ReadServeAck(content); break;
                case FrameType.Open: ControlFrames.ReadOpen(content); break;
                case FrameType.Refused: ControlFrames.ReadRefused(content); break;
                case FrameType.Resume: ControlFrames.ReadResume(content); break;
            }
        }

        public void Data(uint stream, long offset, ReadOnlySpan<byte> bytes, int following) => Assert.InRange(offset, 0, long.MaxValue - bytes.Length);
    }
}
