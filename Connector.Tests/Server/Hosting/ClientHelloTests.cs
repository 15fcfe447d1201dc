using System.Buffers;
using System.Net.Security;
using Connector.Server.Hosting;
using CsCheck;
using Xunit;

namespace Connector.Tests.Server.Hosting;

[Trait("kind", Kinds.Pure)]
public sealed class ClientHelloTests
{
    private static readonly byte[] Protocol = ConnectionSorter.RelayProtocol;

    [Fact]
    public async Task Real_client_hello_is_recognised_by_its_alpn_and_incomplete_until_its_last_byte()
    {
        var lane = await CaptureAsync(new SslApplicationProtocol("border0-relay/1"));
        Assert.Equal(ClientHelloKind.RelayLane, Read(lane));
        Assert.Equal(ClientHelloKind.Other, Read(await CaptureAsync(SslApplicationProtocol.Http2, SslApplicationProtocol.Http11)));
        Assert.Equal(ClientHelloKind.Other, Read(await CaptureAsync(new SslApplicationProtocol("border0-relay/11"))));
        Assert.Equal(ClientHelloKind.Other, Read(await CaptureAsync()));
        for (var length = 0; length < lane.Length; length++)
        {
            Assert.Equal(ClientHelloKind.Incomplete, Read(lane[..length]));
        }
    }

    [Fact]
    public async Task Client_hello_over_several_records_is_joined()
    {
        var one = await CaptureAsync(SslApplicationProtocol.Http2, new SslApplicationProtocol("border0-relay/1"));
        var records = one[5..].Chunk(100).SelectMany(part => (byte[])[22, 3, 1, (byte)(part.Length >> 8), (byte)part.Length, .. part]).ToArray();

        Assert.Equal(ClientHelloKind.RelayLane, Read(records));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("\0\0\0\0")]
    [InlineData("SSH-2.0-x")]
    public void What_is_not_tls_is_named_so(string text) => Assert.Equal(ClientHelloKind.NotTls, Read(System.Text.Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Endless_handshake_is_not_waited_for()
    {
        var bytes = new byte[ClientHello.MaxSize];
        ((byte[])[22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]).CopyTo(bytes, 0);
        Assert.Equal(ClientHelloKind.Other, Read(bytes));
    }

    [Fact]
    public async Task Any_damage_is_survived()
    {
        var good = await CaptureAsync(new SslApplicationProtocol("border0-relay/1"));
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[1, good.Length]).Sample((at, value, length) =>
        {
            var damaged = good.ToArray();
            damaged[at] = value;
            Read(damaged[..length]);
        });
        Gen.Byte.Array[1, 300].Sample(bytes =>
        {
            bytes[0] = 22;
            Read(bytes);
        });
    }

    private static ClientHelloKind Read(byte[] bytes) => ClientHello.Read(new ReadOnlySequence<byte>(bytes), Protocol);

    /// <summary>What this platform's TLS client sends first.</summary>
    private static async Task<byte[]> CaptureAsync(params SslApplicationProtocol[] protocols)
    {
        var capture = new CaptureStream();
        await using var tls = new SslStream(capture);
        await Assert.ThrowsAnyAsync<IOException>(() => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "example.com", ApplicationProtocols = protocols.Length == 0 ? null : [.. protocols],
        }));
        return capture.Written.ToArray();
    }

    private sealed class CaptureStream : MemoryStream
    {
        public MemoryStream Written { get; } = new();

        public override int Read(Span<byte> buffer) => 0;

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(0);

        public override void Write(byte[] buffer, int offset, int count) => Written.Write(buffer, offset, count);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written.Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
