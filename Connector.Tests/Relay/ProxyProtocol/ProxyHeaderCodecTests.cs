using System.Net;
using System.Text;
using Connector.Relay.ProxyProtocol;
using CsCheck;

namespace Connector.Tests.Relay.ProxyProtocol;

[Trait("kind", Kinds.Pure)]
public sealed class ProxyHeaderCodecTests
{
    private static readonly Gen<IPEndPoint> V4 = Gen.Select(Gen.Byte.Array[4], Gen.UShort).Select((bytes, port) => new IPEndPoint(new IPAddress(bytes), port));
    private static readonly Gen<IPEndPoint> V6 = Gen.Select(Gen.Byte.Array[16], Gen.UShort).Select((bytes, port) => new IPEndPoint(new IPAddress(bytes), port));

    [Fact]
    public void Example_of_the_specification_is_read_and_written()
    {
        // 192.0.2.1:56324 to 198.51.100.7:443, by hand.
        var header = Convert.FromHexString("0D0A0D0A000D0A515549540A" + "2111000C" + "C0000201" + "C6336407" + "DC04" + "01BB");
        var read = ProxyHeaderCodec.Read(header);
        Assert.Equal(new ProxyHeader(false, IPEndPoint.Parse("192.0.2.1:56324"), IPEndPoint.Parse("198.51.100.7:443")), read);
        var written = new byte[ProxyHeaderCodec.MaxWritten];
        var length = ProxyHeaderCodec.Write(written, read.Source!, read.Destination!);
        Assert.Equal(header, written[..length]);
    }

    [Fact]
    public void Header_of_two_families_is_written_as_IPv6_and_read_as_what_they_are()
    {
        IPEndPoint source = IPEndPoint.Parse("192.0.2.1:1"), destination = IPEndPoint.Parse("[2001:db8::1]:2");
        var header = Written(source, destination);
        Assert.Equal((0x21, ProxyHeaderCodec.MaxWritten), (header[13], header.Length));
        Assert.Equal(new ProxyHeader(false, source, destination), ProxyHeaderCodec.Read(header));
    }

    [Fact]
    public void Scope_of_an_address_is_not_passed_on()
        => Assert.Equal("fe80::1", ProxyHeaderCodec.Read(Written(IPEndPoint.Parse("[fe80::1%3]:1"), IPEndPoint.Parse("[::1]:2"))).Source!.Address.ToString());

    [Fact]
    public void What_is_written_is_read_back()
        => Gen.Select(Gen.OneOf(V4, V6), Gen.OneOf(V4, V6)).Sample((source, destination) =>
        {
            var read = ProxyHeaderCodec.Read(Written(source, destination));
            Assert.Equal((Plain(source), Plain(destination)), (read.Source, read.Destination));
        });

    [Fact]
    public void Extensions_are_skipped_up_to_the_bound()
    {
        var header = Written(IPEndPoint.Parse("192.0.2.1:1"), IPEndPoint.Parse("192.0.2.2:2"));
        var most = ProxyHeaderCodec.MaxLength - header.Length - 3;
        Assert.Equal(IPEndPoint.Parse("192.0.2.1:1"), ProxyHeaderCodec.Read(Extend(header, [0x04, (byte)(most >> 8), (byte)most, .. new byte[most]])).Source);
        var refusal = Assert.Throws<ProxyHeaderException>(() => ProxyHeaderCodec.Read(Extend(header, [0x04, (byte)((most + 1) >> 8), (byte)(most + 1), .. new byte[most + 1]])));
        Assert.Contains("537 bytes", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("536", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Local_and_unspecified_have_no_client_whatever_follows()
    {
        Assert.Equal(new ProxyHeader(true, null, null), ProxyHeaderCodec.Read(Raw(0x20, 0x00, [])));
        Assert.Equal(new ProxyHeader(true, null, null), ProxyHeaderCodec.Read(Raw(0x20, 0x11, new byte[12])));
        Assert.Equal(new ProxyHeader(false, null, null), ProxyHeaderCodec.Read(Raw(0x21, 0x00, [1, 2, 3])));
    }

    [Theory]
    [InlineData(0x11, 0x11, 12, "version and command 0x11")]
    [InlineData(0x22, 0x11, 12, "version and command 0x22")]
    [InlineData(0x21, 0x12, 12, "family and transport 0x12")]
    [InlineData(0x21, 0x31, 216, "family and transport 0x31")]
    [InlineData(0x21, 0x11, 11, "too few")]
    [InlineData(0x21, 0x21, 35, "too few")]
    [InlineData(0x21, 0x11, 14, "cut short")]
    [InlineData(0x21, 0x11, 600, "616 bytes")]
    public void Header_that_is_not_taken_says_what_came(int command, int family, int length, string says)
        => Assert.Contains(
            says, Assert.Throws<ProxyHeaderException>(() => ProxyHeaderCodec.Read(Raw((byte)command, (byte)family, new byte[length]))).Message, StringComparison.Ordinal);

    [Fact]
    public void Version_1_is_named()
        => Assert.Contains(
            "version 1", Assert.Throws<ProxyHeaderException>(() => ProxyHeaderCodec.CheckStart("PROXY TCP4 192.0"u8)).Message, StringComparison.Ordinal);

    [Fact]
    public void Other_bytes_are_shown_without_harm_to_a_log()
    {
        var refusal = Assert.Throws<ProxyHeaderException>(() => ProxyHeaderCodec.CheckStart(Encoding.ASCII.GetBytes("\u001b[2J\"GET / ")));
        Assert.Contains("\"\\x1b[2J\\x22GET / \"", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_prefix_of_a_header_may_become_one()
    {
        var header = Written(IPEndPoint.Parse("[2001:db8::1]:1"), IPEndPoint.Parse("[::1]:2"));
        for (var length = 0; length <= ProxyHeaderCodec.FixedLength; length++)
        {
            ProxyHeaderCodec.CheckStart(header.AsSpan(0, length));
        }

        for (var length = 0; length < header.Length; length++)
        {
            Assert.Throws<ProxyHeaderException>(() => ProxyHeaderCodec.Read(header.AsSpan(0, length)));
        }

        Assert.Throws<ProxyHeaderException>(() => ProxyHeaderCodec.Read([.. header, 0]));
    }

    [Fact]
    public void Any_bytes_are_a_header_or_a_refusal()
        => Gen.OneOf(
            Gen.Byte.Array[0, 600],
            Gen.Select(Gen.Byte, Gen.Byte, Gen.Byte.Array[0, 560]).Select(Raw),
            Gen.Select(Gen.OneOf(V4, V6), Gen.OneOf(V4, V6), Gen.Byte.Array[0, 80]).Select((source, destination, more) => Extend(Written(source, destination), more)),
            Gen.Select(Gen.OneOf(V4, V6), Gen.Int[0, 51], Gen.Byte).Select((source, at, b) =>
            {
                var header = Written(source, IPEndPoint.Parse("[::1]:2"));
                header[at] = b;
                return header;
            })).Sample(
            bytes =>
            {
                try
                {
                    var read = ProxyHeaderCodec.Read(bytes);
                    Assert.InRange(bytes.Length, ProxyHeaderCodec.FixedLength, ProxyHeaderCodec.MaxLength);
                    Assert.True(!read.IsLocal || read.Source is null);
                }
                catch (ProxyHeaderException e)
                {
                    Assert.DoesNotContain(e.Message, char.IsControl);
                }
            },
            iter: 20_000);

    private static byte[] Written(IPEndPoint source, IPEndPoint destination)
    {
        var header = new byte[ProxyHeaderCodec.MaxWritten];
        return header[..ProxyHeaderCodec.Write(header, source, destination)];
    }

    private static byte[] Extend(byte[] header, byte[] more)
    {
        byte[] extended = [.. header, .. more];
        var length = extended.Length - ProxyHeaderCodec.FixedLength;
        (extended[14], extended[15]) = ((byte)(length >> 8), (byte)length);
        return extended;
    }

    private static byte[] Raw(byte command, byte family, byte[] rest)
        => Extend([.. "\r\n\r\n\0\r\nQUIT\n"u8, command, family, 0, 0], rest);

    private static IPEndPoint Plain(IPEndPoint endPoint)
        => endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
