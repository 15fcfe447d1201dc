using System.Buffers.Binary;
using Connector.Protocol.Discovery;

namespace Connector.Plugins.Network;

/// <summary>Knows services that speak first by the beginning of what they say. Strict: a word of a greeting is no protocol.</summary>
internal static class Banner
{
    /// <summary>As much is read of what a service says by itself.</summary>
    public const int Longest = 1_024;

    private const int MysqlHeader = 4;
    private const byte MysqlProtocol = 10;
    private const byte MysqlError = 0xff;
    private const int RfbLength = 12;

    /// <summary>The resource's type, or null.</summary>
    public static string? TypeOf(ReadOnlySpan<byte> said)
        => IsSsh(said) ? ResourceTypes.NetworkSshServer
            : IsRfb(said) ? ResourceTypes.NetworkVncServer
            : IsMysql(said) ? ResourceTypes.NetworkMysqlServer
            : IsHttp(said) ? ResourceTypes.NetworkHttpServer
            : null;

    public static bool IsHttp(ReadOnlySpan<byte> said) => said.StartsWith("HTTP/"u8);

    // RFC 4253, 4.2: other lines may come before the version.
    private static bool IsSsh(ReadOnlySpan<byte> said)
    {
        while (true)
        {
            if (said.StartsWith("SSH-2.0-"u8) || said.StartsWith("SSH-1."u8))
            {
                return true;
            }

            var end = said.IndexOf((byte)'\n');
            if (end < 0)
            {
                return false;
            }

            said = said[(end + 1)..];
        }
    }

    // RFC 6143, 7.1.1: "RFB 003.008\n".
    private static bool IsRfb(ReadOnlySpan<byte> said)
        => said.Length >= RfbLength && said.StartsWith("RFB "u8) && IsNumber(said[4..7]) && said[7] == '.' && IsNumber(said[8..11]) && said[11] == '\n';

    // The first packet of the server is its greeting (protocol 10, version) or an error, as for a host that is blocked.
    private static bool IsMysql(ReadOnlySpan<byte> said)
    {
        if (said.Length <= MysqlHeader || said[3] != 0)
        {
            return false;
        }

        var length = said[0] | (said[1] << 8) | (said[2] << 16);
        var packet = said[MysqlHeader..];
        if (length is < 5 or > Longest - MysqlHeader || packet.Length < Math.Min(length, 5))
        {
            return false;
        }

        if (packet[0] == MysqlProtocol)
        {
            var end = packet.IndexOf((byte)0);
            return end > 1 && IsPrintable(packet[1..end]);
        }

        return packet[0] == MysqlError
            && BinaryPrimitives.ReadUInt16LittleEndian(packet[1..]) is >= 1000 and < 5000
            && IsPrintable(packet[3..Math.Min(length, packet.Length)]);
    }

    private static bool IsNumber(ReadOnlySpan<byte> said) => said.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;

    private static bool IsPrintable(ReadOnlySpan<byte> said) => said.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0;
}
