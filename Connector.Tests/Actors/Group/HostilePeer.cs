using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Akka.Actor;
using Google.Protobuf;

namespace Connector.Tests.Actors.Group;

/// <summary>Somebody at the remoting port who writes what he likes: bytes, frames, or messages of Akka's remote protocol.</summary>
internal sealed class HostilePeer : IDisposable
{
    private const ulong NoSequence = ulong.MaxValue;
    private const int Associate = 1;
    private const int Heartbeat = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static int lastPort = 1;

    private readonly TcpClient connection;
    private readonly Address node;
    private readonly int port = Interlocked.Increment(ref lastPort);
    private Stream stream;

    private HostilePeer(TcpClient connection, Address node)
    {
        this.connection = connection;
        this.node = node;
        stream = connection.GetStream();
    }

    public static async Task<HostilePeer> ConnectAsync(Address node, CancellationToken cancellation)
    {
        var connection = new TcpClient { NoDelay = true };
        await connection.ConnectAsync(IPAddress.Loopback, node.Port!.Value, cancellation);
        return new HostilePeer(connection, node);
    }

    /// <summary>Trusts whatever it meets.</summary>
    public async Task StartTlsAsync(X509Certificate2? certificate, CancellationToken cancellation)
    {
        var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        stream = tls;
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "group",
                ClientCertificates = certificate is null ? [] : [certificate],
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
            },
            cancellation).WaitAsync(Deadline, cancellation);
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation) => await stream.WriteAsync(bytes, cancellation);

    /// <summary>A frame that says how long it is, which need not be true.</summary>
    public Task SendFrameAsync(byte[] bytes, CancellationToken cancellation, int? announced = null)
    {
        var frame = new byte[sizeof(int) + bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, announced ?? bytes.Length);
        bytes.CopyTo(frame, sizeof(int));
        return SendAsync(frame, cancellation);
    }

    /// <summary>Says in Akka's words that it is another node; returns when the node has answered in the same words.</summary>
    public async Task AssociateAsync(CancellationToken cancellation)
    {
        var address = Message(Field(1, node.System), Field(2, IPAddress.Loopback.ToString()), Field(3, (ulong)port), Field(4, node.Protocol[(node.Protocol.IndexOf('.', StringComparison.Ordinal) + 1)..]));
        await SendFrameAsync(Message(Field(2, Message(Field(1, Associate), Field(2, Message(Field(1, address), Fixed(2, (ulong)port)))))), cancellation);

        // What comes with the end of the TLS handshake is read by the node only when something comes after it.
        var answered = ReceiveFrameAsync(cancellation);
        while (await Task.WhenAny(answered, Task.Delay(Pace, cancellation)) != answered)
        {
            await SendFrameAsync(Message(Field(2, Message(Field(1, Heartbeat)))), cancellation);
        }

        await answered;
    }

    /// <summary>A message to an actor of the node, as a serializer of that id would have written it.</summary>
    public Task SendMessageAsync(string path, int serializer, byte[] payload, string manifest, CancellationToken cancellation)
    {
        var envelope = Message(
            Field(1, Message(Field(1, $"{node}{path}"))),
            Field(2, Message(Field(1, payload), Field(2, (ulong)serializer), Field(3, manifest))),
            Field(4, Message(Field(1, $"{node.WithPort(port)}/user/hostile"))),
            Fixed(5, NoSequence));
        return SendFrameAsync(Message(Field(1, Message(Field(2, envelope)))), cancellation);
    }

    /// <summary>The payload of the next message that the node sends here.</summary>
    public async Task<byte[]> ReceiveMessageAsync(CancellationToken cancellation)
    {
        while (true)
        {
            // payload, envelope, message, bytes; others are heartbeats and the like.
            byte[]? found = await ReceiveFrameAsync(cancellation);
            foreach (var field in (int[])[1, 2, 2, 1])
            {
                found = found is null ? null : Find(found, field);
            }

            if (found is not null)
            {
                return found;
            }
        }
    }

    /// <summary>Returns once the node has ended the connection.</summary>
    public async Task EndsAsync(CancellationToken cancellation)
    {
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, cancellation).AsTask().WaitAsync(Deadline, cancellation) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is an end, too.
        }
    }

    public void Dispose()
    {
        stream.Dispose();
        connection.Dispose();
    }

    /// <summary>Fields of Protobuf, one after the other.</summary>
    public static byte[] Message(params byte[][] fields) => [.. fields.SelectMany(field => field)];

    public static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    public static byte[] Field(int number, byte[] bytes) => Write(output =>
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(bytes));
    });

    public static byte[] Field(int number, ulong value) => Write(output =>
    {
        output.WriteTag(number, WireFormat.WireType.Varint);
        output.WriteUInt64(value);
    });

    private static byte[] Fixed(int number, ulong value) => Write(output =>
    {
        output.WriteTag(number, WireFormat.WireType.Fixed64);
        output.WriteFixed64(value);
    });

    private static byte[] Write(Action<CodedOutputStream> write)
    {
        using var memory = new MemoryStream();
        using (var output = new CodedOutputStream(memory, leaveOpen: true))
        {
            write(output);
        }

        return memory.ToArray();
    }

    private static byte[]? Find(byte[] message, int number)
    {
        var input = new CodedInputStream(message);
        uint tag;
        while ((tag = input.ReadTag()) != 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == number && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                return input.ReadBytes().ToByteArray();
            }

            input.SkipLastField();
        }

        return null;
    }

    private async Task<byte[]> ReceiveFrameAsync(CancellationToken cancellation)
    {
        var length = new byte[sizeof(int)];
        await stream.ReadExactlyAsync(length, cancellation).AsTask().WaitAsync(Deadline, cancellation);
        var frame = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
        await stream.ReadExactlyAsync(frame, cancellation).AsTask().WaitAsync(Deadline, cancellation);
        return frame;
    }
}
