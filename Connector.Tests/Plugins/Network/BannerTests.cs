using System.Text;
using Connector.Plugins.Network;
using Connector.Protocol.Discovery;
using CsCheck;

namespace Connector.Tests.Plugins.Network;

[Trait("kind", Kinds.Pure)]
public sealed class BannerTests
{
    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2p1 Debian\r\n", ResourceTypes.NetworkSshServer)]
    [InlineData("SSH-1.99-dropbear\n", ResourceTypes.NetworkSshServer)]
    [InlineData("Welcome\r\nto this\r\nSSH-2.0-x\r\n", ResourceTypes.NetworkSshServer)]
    [InlineData("RFB 003.008\n", ResourceTypes.NetworkVncServer)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\n", ResourceTypes.NetworkHttpServer)]
    [InlineData("220 ftp.test SSH-2.0 not here\r\n", null)]
    [InlineData("220 mail.test ESMTP tightvnc 10.11 mysql_native_password\r\n", null)]
    [InlineData("+OK dovecot ready, as of 8.0.1\r\n", null)]
    [InlineData("RFB 003", null)]
    [InlineData("RFB abc.def\n", null)]
    [InlineData("-ERR unknown 5.7.1\r\n", null)]
    [InlineData("", null)]
    public void Texts_are_known_by_their_beginning(string said, string? type) => Assert.Equal(type, Banner.TypeOf(Encoding.Latin1.GetBytes(said)));

    [Fact]
    public void Mysql_is_known_by_its_greeting() => Assert.Equal(ResourceTypes.NetworkMysqlServer, Banner.TypeOf(Greeting("8.0.36")));

    [Fact]
    public void Mysql_that_takes_nobody_is_known_by_its_error()
    {
        byte[] content = [0xff, .. BitConverter.GetBytes((ushort)1130), .. "Host '10.0.0.1' is not allowed to connect to this MariaDB server"u8];

        Assert.Equal(ResourceTypes.NetworkMysqlServer, Banner.TypeOf([(byte)content.Length, 0, 0, 0, .. content]));
    }

    [Fact]
    public void What_only_looks_like_mysql_is_not()
    {
        var greeting = Greeting("8.0.36");
        var protocol9 = greeting.ToArray();
        protocol9[4] = 9;
        var later = greeting.ToArray();
        later[3] = 1;
        byte[] control = Greeting("8.0\u0001");

        Assert.Null(Banner.TypeOf(protocol9));
        Assert.Null(Banner.TypeOf(later));
        Assert.Null(Banner.TypeOf(control));
        Assert.Null(Banner.TypeOf(greeting.AsSpan(0, 8)));
    }

    [Fact]
    public void No_bytes_make_it_throw() => Gen.Byte.Array[0, Banner.Longest].Sample(
        said => Banner.TypeOf(said) is null or ResourceTypes.NetworkMysqlServer);

    private static byte[] Greeting(string version)
    {
        byte[] content = [10, .. Encoding.Latin1.GetBytes(version), 0, .. new byte[40]];
        return [(byte)content.Length, 0, 0, 0, .. content];
    }
}
