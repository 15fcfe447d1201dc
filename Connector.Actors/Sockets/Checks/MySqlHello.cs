using System.Net.Sockets;
using System.Text;
using Connector.Actors.Reach;

namespace Connector.Actors.Sockets.Checks;

/// <summary>
/// Answers a MySQL or MariaDB server's greeting with a login as a user that does not exist. A client that leaves before that counts as a
/// connection error of its host, and after max_connect_errors of them (100) the server blocks the host, users included; a refused login does not count.
/// </summary>
internal sealed class MySqlHello(Socket socket)
{
    private const int MaxPacket = 4096;

    // A refused login takes two answers at most; more is not expected of any server.
    private const int MaxAnswers = 5;

    private const byte ProtocolVersion = 10;
    private const byte Error = 0xFF;
    private const byte Ok = 0;
    private const byte SwitchMethod = 0xFE;

    /// <summary>CLIENT_LONG_PASSWORD, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION, CLIENT_PLUGIN_AUTH.</summary>
    private static readonly byte[] Capabilities = [0x01, 0x82, 0x08, 0x00];

    public static bool IsGreeting(ReadOnlySpan<byte> bytes)
        => bytes.Length > 8 && bytes[3] == 0 && (bytes[4] == ProtocolVersion || (bytes[4] == Error && bytes[0] < 250 && bytes[1] == 0 && bytes[2] == 0));

    /// <param name="read">What of the greeting was read already.</param>
    public async Task<CheckOutcome> AnswerAsync(PlainUpstream upstream, ReadOnlyMemory<byte> read, CancellationToken stop)
    {
        var (greeting, _) = await ReadAsync(read, stop).ConfigureAwait(false);
        if (greeting.Length == 0)
            return new CheckOutcome($"upstream {upstream} took the connection and closed it without a greeting of a MySQL server", UpstreamCheckKind.MySql);
        if (greeting[0] == Error)
            return new CheckOutcome($"upstream {upstream} takes no connection from here: {Text(greeting)}", UpstreamCheckKind.MySql);
        if (greeting[0] != ProtocolVersion)
        {
            return new CheckOutcome(
                $"upstream {upstream} took the connection and did not greet as a MySQL server (version {greeting[0]}, not {ProtocolVersion}); check that its address and port are the database's",
                UpstreamCheckKind.MySql);
        }

        await socket.SendAsync(Login(), stop).ConfigureAwait(false);
        for (var answers = 0; answers < MaxAnswers; answers++)
        {
            var (answer, sequence) = await ReadAsync(default, stop).ConfigureAwait(false);
            switch (answer)
            {
                case [SwitchMethod, ..]:
                    await socket.SendAsync(Packet((byte)(sequence + 1), []), stop).ConfigureAwait(false);
                    break;
                case [Ok, ..]:
                    // It lets anybody in; leave with COM_QUIT.
                    await socket.SendAsync(Packet(0, [1]), stop).ConfigureAwait(false);
                    return new CheckOutcome(null, UpstreamCheckKind.MySql);
                case [] or [Error, ..]:
                    return new CheckOutcome(null, UpstreamCheckKind.MySql);
            }
        }

        return new CheckOutcome(null, UpstreamCheckKind.MySql);
    }

    private static byte[] Login()
        =>
        Packet(1,
        [
            .. Capabilities, 0, 0, 0, 1, 45, .. new byte[23],
            .. "border0-check\0"u8, 0, .. "mysql_native_password\0"u8,
        ]);

    private static byte[] Packet(byte sequence, ReadOnlySpan<byte> content)
        => [(byte)content.Length, (byte)(content.Length >> 8), 0, sequence, .. content];

    /// <summary>Empty when the server has closed.</summary>
    private async Task<(byte[] Content, byte Sequence)> ReadAsync(ReadOnlyMemory<byte> read, CancellationToken stop)
    {
        var buffer = new byte[MaxPacket];
        read.CopyTo(buffer);
        var have = read.Length;
        while (have < 4 || have < 4 + Length(buffer))
        {
            if (have >= 4 && 4 + Length(buffer) > MaxPacket)
                throw new SocketException((int)SocketError.MessageSize);
            var more = await socket.ReceiveAsync(buffer.AsMemory(have), stop).ConfigureAwait(false);
            if (more == 0)
                return ([], 0);
            have += more;
        }

        return (buffer[4..(4 + Length(buffer))], buffer[3]);
    }

    private static int Length(byte[] header) => header[0] | (header[1] << 8) | (header[2] << 16);

    /// <summary>An error packet: code, then text for people.</summary>
    private static string Text(byte[] error)
        => error.Length < 4 ? "an error without a text" : new string([.. Encoding.UTF8.GetString(error.AsSpan(3, Math.Min(error.Length - 3, 300))).Where(letter => !char.IsControl(letter))]);
}
