using System.Net;
using System.Net.Sockets;
using System.Text;
using Connector.Actors.Reach;
using Connector.Actors.Sockets.Checks;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Actors.Sockets.Checks;

/// <summary>Against greetings written down from the protocol's documentation (handshake version 10, error packet, AuthSwitchRequest).</summary>
[Trait("kind", Kinds.Stream)]
public sealed class MySqlHelloTests
{
    private const int MaxPacket = 4096;

    private static readonly PlainUpstream Upstream = new("db", 3306);
    private static readonly byte[] Scramble = [.. Enumerable.Range(0x21, 20).Select(letter => (byte)letter)];

    /// <summary>MySQL 8.0 with its default method.</summary>
    private static readonly byte[] MySql8 = Packet(0, Greeting("8.0.36", 0xFFFF, 0xFF, 0xDFFF, [.. new byte[10]], "caching_sha2_password"));

    /// <summary>MariaDB 10.11: a version for old clients in front, and capabilities of its own where MySQL has zeroes.</summary>
    private static readonly byte[] MariaDb = Packet(
        0, Greeting("5.5.5-10.11.6-MariaDB", 0xF7FE, 0x08, 0x81FF, [0, 0, 0, 0, 0, 0, 0x1D, 0, 0, 0], "mysql_native_password"));

    private static readonly byte[] Denied = [0xFF, 0x15, 0x04, .. "#28000Access denied for user 'border0-check'@'10.0.0.1' (using password: NO)"u8];

    /// <summary>HandshakeResponse41: LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION and PLUGIN_AUTH; 16 MB packets; utf8mb4; an empty answer.</summary>
    private static readonly byte[] Login = Packet(
        1, [0x01, 0x82, 0x08, 0x00, 0, 0, 0, 0x01, 45, .. new byte[23], .. "border0-check\0"u8, 0, .. "mysql_native_password\0"u8]);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MariaDb_is_answered_with_a_login_that_it_refuses()
    {
        var (outcome, said) = await AnswerAsync([MariaDb, Packet(2, Denied)]);

        Assert.Equal(new CheckOutcome(null, UpstreamCheckKind.MySql), outcome);
        Assert.Equal(Login, said);
    }

    [Fact]
    public async Task MySql8_switches_the_method_and_is_answered_before_it_refuses()
    {
        byte[] change = [0xFE, .. "caching_sha2_password\0"u8, .. Scramble, 0];
        var (outcome, said) = await AnswerAsync([MySql8, Packet(2, change), Packet(4, Denied)]);

        Assert.Equal(new CheckOutcome(null, UpstreamCheckKind.MySql), outcome);
        Assert.Equal([.. Login, 0, 0, 0, 3], said);
    }

    [Fact]
    public async Task Server_that_lets_anybody_in_is_left_in_order()
    {
        var (outcome, said) = await AnswerAsync([MariaDb, Packet(2, [0, 0, 0, 2, 0, 0, 0])]);

        Assert.Equal(new CheckOutcome(null, UpstreamCheckKind.MySql), outcome);
        Assert.Equal([.. Login, 1, 0, 0, 0, 1], said);
    }

    [Fact]
    public async Task Server_that_greets_and_closes_at_the_login_has_answered()
    {
        var (outcome, said) = await AnswerAsync([MySql8, []]);

        Assert.Null(outcome.Failure);
        Assert.Equal(Login, said);
    }

    [Fact]
    public async Task Server_that_switches_methods_for_ever_is_left()
    {
        byte[][] changes = [.. Enumerable.Range(1, 20).Select(turn => Packet((byte)(turn * 2), [0xFE, .. "mysql_native_password\0"u8, .. Scramble, 0]))];
        var (outcome, said) = await AnswerAsync([MariaDb, .. changes]);

        Assert.Null(outcome.Failure);
        Assert.Equal(Login.Length + (5 * 4), said.Length);
    }

    [Theory]
    [InlineData(1129, "Host '10.0.0.1' is blocked because of many connection errors; unblock with 'mariadb-admin flush-hosts'")]
    [InlineData(1130, "Host '10.0.0.1' is not allowed to connect to this MariaDB server")]
    [InlineData(1040, "Too many connections")]
    public async Task Error_instead_of_a_greeting_is_the_reason_and_is_not_answered(int code, string text)
    {
        var error = Packet(0, [0xFF, (byte)code, (byte)(code >> 8), .. Encoding.ASCII.GetBytes(text)]);
        Assert.True(MySqlHello.IsGreeting(error));

        // As the greeting of a MySQL server, and as that of a service of unknown kind, of which the beginning was read already.
        foreach (var read in (int[])[0, error.Length])
        {
            var (outcome, said) = await AnswerAsync([error], read);
            Assert.Equal(new CheckOutcome($"upstream db:3306 takes no connection from here: {text}", UpstreamCheckKind.MySql), outcome);
            Assert.Empty(said);
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xFF, 0x10, 0x04 })]
    public async Task Error_without_a_text_is_one(byte[] error)
    {
        var (outcome, _) = await AnswerAsync([Packet(0, error)]);

        Assert.Equal("upstream db:3306 takes no connection from here: an error without a text", outcome.Failure);
    }

    [Fact]
    public async Task Error_text_is_cut_and_cleared_of_control_characters()
    {
        var (outcome, _) = await AnswerAsync([Packet(0, [0xFF, 0x10, 0x04, (byte)'a', 0x1B, (byte)'\n', .. Encoding.ASCII.GetBytes(new string('b', 3_000))])]);

        Assert.EndsWith($": a{new string('b', 297)}", outcome.Failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(40)]
    public async Task Greeting_that_is_cut_short_by_a_close_is_none(int bytes)
    {
        var (outcome, said) = await AnswerAsync([MySql8[..bytes]], closes: true);

        Assert.Equal("upstream db:3306 took the connection and closed it without a greeting of a MySQL server", outcome.Failure);
        Assert.Empty(said);
    }

    [Fact]
    public async Task Greeting_that_stops_halfway_is_waited_for_no_longer_than_the_token_allows()
    {
        var (client, server) = await ConnectedAsync();
        using (client)
        using (server)
        {
            await server.SendAsync(MySql8.AsMemory(0, 40), Cancellation);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var answer = new MySqlHello(client).AnswerAsync(Upstream, ReadOnlyMemory<byte>.Empty, stop.Token);
            await Eventually.IsTrueAsync(() => client.Available == 0, "the half was read", Cancellation);
            Assert.False(answer.IsCompleted);
            await stop.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(60)]
    public async Task Greeting_that_was_read_in_part_is_read_on(int read)
    {
        var (outcome, said) = await AnswerAsync([MySql8, Packet(2, Denied)], read);

        Assert.Null(outcome.Failure);
        Assert.Equal(Login, said);
    }

    [Theory]
    [InlineData(MaxPacket - 4, true)]
    [InlineData(MaxPacket - 3, false)]
    [InlineData(0xFFFFFF, false)]
    public async Task Packet_length_beyond_the_bound_ends_the_check_before_it_is_read(int length, bool taken)
    {
        // Of those beyond the bound nothing but the header and the first byte ever comes.
        byte[] greeting = [(byte)length, (byte)(length >> 8), (byte)(length >> 16), 0, 10, .. new byte[taken ? length - 1 : 0]];
        if (taken)
            Assert.Null((await AnswerAsync([greeting, Packet(2, Denied)])).Outcome.Failure);
        else
            Assert.Equal(SocketError.MessageSize, (await Assert.ThrowsAsync<SocketException>(() => AnswerAsync([greeting]))).SocketErrorCode);
    }

    [Theory]
    [InlineData("hello, how are you", 104)]
    [InlineData("\u00093.20.32a-log\0", 9)]
    public async Task Packet_that_is_no_greeting_is_no_proof_and_is_not_answered(string content, int version)
    {
        var (outcome, said) = await AnswerAsync([Packet(0, Encoding.ASCII.GetBytes(content))]);

        Assert.Contains($"did not greet as a MySQL server (version {version}, not 10)", outcome.Failure, StringComparison.Ordinal);
        Assert.Empty(said);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("220 mail.example ESMTP\r\n")]
    [InlineData("+OK\n\nready when you are")]
    public void Greeting_of_another_service_is_not_taken_for_one(string text) => Assert.False(MySqlHello.IsGreeting(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Greeting_is_known_from_its_first_bytes_and_not_from_fewer()
    {
        foreach (var greeting in (byte[][])[MySql8, MariaDb])
        {
            Assert.True(MySqlHello.IsGreeting(greeting));
            Assert.True(MySqlHello.IsGreeting(greeting.AsSpan(0, 9)));
            Assert.False(MySqlHello.IsGreeting(greeting.AsSpan(0, 8)));

            // A packet that is not the first of a connection.
            Assert.False(MySqlHello.IsGreeting([.. greeting.AsSpan(0, 3), 1, .. greeting.AsSpan(4)]));
        }
    }

    private static byte[] Packet(byte sequence, byte[] content) => [(byte)content.Length, (byte)(content.Length >> 8), (byte)(content.Length >> 16), sequence, .. content];

    /// <summary>HandshakeV10.</summary>
    private static byte[] Greeting(string version, ushort lowerCapabilities, byte collation, ushort upperCapabilities, byte[] reserved, string method)
        =>
        [
            10, .. Encoding.ASCII.GetBytes(version), 0,
            8, 0, 0, 0, .. Scramble.AsSpan(0, 8), 0,
            (byte)lowerCapabilities, (byte)(lowerCapabilities >> 8), collation, 2, 0, (byte)upperCapabilities, (byte)(upperCapabilities >> 8),
            21, .. reserved, .. Scramble.AsSpan(8), 0, .. Encoding.ASCII.GetBytes(method), 0,
        ];

    /// <summary>A server that sends its first packet at once and each further one after a packet of the client; an empty one is a close.</summary>
    /// <param name="read">So much of the first packet the caller has read before.</param>
    /// <param name="closes">After the last packet, instead of waiting for the client to leave.</param>
    private static async Task<(CheckOutcome Outcome, byte[] Said)> AnswerAsync(byte[][] packets, int read = 0, bool closes = false)
    {
        var (client, server) = await ConnectedAsync();
        using (server)
        {
            var serving = ServeAsync(server, packets, closes);
            CheckOutcome outcome;
            using (client)
            {
                var first = new byte[read];
                for (var have = 0; have < read;)
                    have += await client.ReceiveAsync(first.AsMemory(have), Cancellation);
                outcome = await new MySqlHello(client).AnswerAsync(Upstream, first, Cancellation).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
            }

            return (outcome, await serving.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
        }
    }

    /// <returns>What the client said, to its end.</returns>
    private static async Task<byte[]> ServeAsync(Socket server, byte[][] packets, bool closes)
    {
        var said = new List<byte>();
        await LoopbackUpstream.SendAllAsync(server, packets[0], Cancellation);
        foreach (var packet in packets.Skip(1))
        {
            var header = await ReadAsync(4);
            if (header.Length < 4)
                return [.. said];
            await ReadAsync(header[0] | (header[1] << 8) | (header[2] << 16));
            closes |= packet.Length == 0;
            try
            {
                await LoopbackUpstream.SendAllAsync(server, packet, Cancellation);
            }
            catch (SocketException)
            {
                // It has left, which is seen at the next read.
            }
        }

        if (closes)
            server.Shutdown(SocketShutdown.Send);
        await ReadAsync(int.MaxValue);
        return [.. said];

        async Task<byte[]> ReadAsync(int count)
        {
            var from = said.Count;
            var buffer = new byte[256];
            while (said.Count - from < count)
            {
                int more;
                try
                {
                    more = await server.ReceiveAsync(buffer.AsMemory(0, Math.Min(buffer.Length, count - (said.Count - from))), Cancellation);
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
                {
                    // It left without reading our last packet.
                    more = 0;
                }

                if (more == 0)
                    break;
                said.AddRange(buffer.AsSpan(0, more));
            }

            return [.. said.Skip(from)];
        }
    }

    private static async Task<(Socket Client, Socket Server)> ConnectedAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(listener.LocalEndPoint!, Cancellation);
        var server = await listener.AcceptAsync(Cancellation);
        server.NoDelay = true;
        return (client, server);
    }
}
