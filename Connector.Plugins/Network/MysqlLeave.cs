namespace Connector.Plugins.Network;

/// <summary>
/// Leaves a MySQL or MariaDB server that has greeted, by a login as a user that does not exist. A client that just goes away counts as a connection error of its
/// host, and after 100 of them (max_connect_errors) the server takes nobody from there any more, the connector's users included; a refused login does not count.
/// </summary>
internal static class MysqlLeave
{
    private const byte Error = 0xff;
    private const byte Ok = 0;
    private const byte SwitchMethod = 0xfe;
    private const byte Quit = 1;

    // A refused login takes two answers at most.
    private const int MostAnswers = 5;

    // CLIENT_LONG_PASSWORD, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION, CLIENT_PLUGIN_AUTH.
    private static readonly byte[] Login = Packet(
        1, [0x01, 0x82, 0x08, 0x00, 0, 0, 0, 1, 45, .. new byte[23], .. "connector-discovery\0"u8, 0, .. "mysql_native_password\0"u8]);

    /// <param name="greeting">What has come already.</param>
    public static async Task FromAsync(Stream stream, ReadOnlyMemory<byte> greeting, CancellationToken cancellationToken)
    {
        // The rest of the greeting would be taken for the answer.
        for (var missing = 4 + greeting.Span[0] + (greeting.Span[1] << 8) - greeting.Length; missing > 0;)
        {
            missing -= await stream.ReadAtLeastAsync(new byte[missing], missing, throwOnEndOfStream: true, cancellationToken).ConfigureAwait(false);
        }

        await stream.WriteAsync(Login, cancellationToken).ConfigureAwait(false);
        var header = new byte[4];
        for (var answers = 0; answers < MostAnswers; answers++)
        {
            await stream.ReadExactlyAsync(header, cancellationToken).ConfigureAwait(false);
            var content = new byte[header[0] | (header[1] << 8)];
            await stream.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
            switch (content)
            {
                case [SwitchMethod, ..]:
                    await stream.WriteAsync(Packet((byte)(header[3] + 1), []), cancellationToken).ConfigureAwait(false);
                    break;
                case [Ok, ..]:
                    await stream.WriteAsync(Packet(0, [Quit]), cancellationToken).ConfigureAwait(false);
                    return;
                case [] or [Error, ..]:
                    return;
            }
        }
    }

    private static byte[] Packet(byte sequence, ReadOnlySpan<byte> content) => [(byte)content.Length, (byte)(content.Length >> 8), 0, sequence, .. content];
}
