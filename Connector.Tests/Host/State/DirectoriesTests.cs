using System.Security.Cryptography.X509Certificates;
using System.Net.Security;
using Connector.Host.Certificates;
using Connector.Host.Errors;
using Connector.Host.State;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;
using Xunit;

namespace Connector.Tests.Host.State;

[Trait("kind", Kinds.Contract)]
public sealed class DirectoriesTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("state-").FullName;

    private string State => Path.Combine(root, "state");

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Replica_keeps_its_id_and_key()
    {
        ReplicaId id;
        KeyThumbprint key;
        using (var first = StateDirectory.Open(State, TimeProvider.System))
        {
            (id, key) = (first.ReplicaId, KeyThumbprint.Of(first.Certificate));
            Assert.True(first.Certificate.HasPrivateKey);
        }

        using var second = StateDirectory.Open(State, TimeProvider.System);
        Assert.Equal((id, key), (second.ReplicaId, KeyThumbprint.Of(second.Certificate)));
    }

    [Fact]
    public void Only_the_owner_can_read_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "modes do not exist there");
        Directory.CreateDirectory(State);
        File.SetUnixFileMode(State, PrivateFiles.OwnerOnlyDirectory | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

        using var opened = StateDirectory.Open(State, TimeProvider.System);

        Assert.Equal(PrivateFiles.OwnerOnlyDirectory, File.GetUnixFileMode(State));
        Assert.All(Directory.EnumerateFiles(State), file => Assert.Equal(PrivateFiles.OwnerOnlyFile, File.GetUnixFileMode(file)));
    }

    [Fact]
    public void Second_user_of_the_directory_is_refused_until_the_first_is_gone()
    {
        using (StateDirectory.Open(State, TimeProvider.System))
        {
            var failure = Assert.Throws<ConnectorError>(() => StateDirectory.Open(State, TimeProvider.System));
            Assert.Contains("another process is using it", failure.Message);
            Assert.Contains(State, failure.Message);
        }

        StateDirectory.Open(State, TimeProvider.System).Dispose();
    }

    [Theory]
    [InlineData(StateDirectory.KeyFile, "")]
    [InlineData(StateDirectory.KeyFile, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    [InlineData(StateDirectory.IdFile, "me")]
    public void Damaged_file_is_named_and_the_lock_released(string file, string content)
    {
        StateDirectory.Open(State, TimeProvider.System).Dispose();
        var path = Path.Combine(State, file);
        var good = File.ReadAllText(path);
        File.WriteAllText(path, content);

        var failure = Assert.Throws<ConnectorError>(() => StateDirectory.Open(State, TimeProvider.System));
        Assert.Contains(path, failure.Message);
        Assert.Contains("delete it", failure.Message);

        File.WriteAllText(path, good);
        StateDirectory.Open(State, TimeProvider.System).Dispose();
    }

    [Fact]
    public void Path_that_is_a_file_is_named()
    {
        File.WriteAllText(State, "");

        Assert.Contains(State, Assert.Throws<ConnectorError>(() => StateDirectory.Open(State, TimeProvider.System)).Message);
    }

    [Fact]
    public void Full_disk_is_said_to_be_full()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        var failure = Assert.ThrowsAny<IOException>(() =>
        {
            using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            full.Write(new byte[1]);
        });

        Assert.Contains("disk is full", FileFailure.ToError("Cannot write", failure, "/data").Message);
    }

    [Fact]
    public void Server_keeps_its_keys_and_starts_over_when_asked()
    {
        string admin, pin, kid;
        using (var first = DataDirectory.Open(State, fresh: false, TimeProvider.System))
        {
            (admin, pin, kid) = (first.AdminToken.Reveal(), first.Authority.Pin, first.SigningKey.KeyId);
            Assert.True(first.IsNew);
        }

        using (var second = DataDirectory.Open(State, fresh: false, TimeProvider.System))
        {
            Assert.Equal((admin, pin, kid), (second.AdminToken.Reveal(), second.Authority.Pin, second.SigningKey.KeyId));
            Assert.False(second.IsNew);
        }

        Directory.CreateDirectory(Path.Combine(State, "replica"));
        using var third = DataDirectory.Open(State, fresh: true, TimeProvider.System);
        Assert.NotEqual(admin, third.AdminToken.Reveal());
        Assert.NotEqual(pin, third.Authority.Pin);
        Assert.False(Directory.Exists(Path.Combine(State, "replica")));
    }

    [Fact]
    public void Starting_over_never_empties_a_directory_of_somebody_else()
    {
        Directory.CreateDirectory(State);
        var thesis = Path.Combine(State, "thesis.tex");
        File.WriteAllText(thesis, "");

        Assert.Throws<ConnectorError>(() => DataDirectory.Open(State, fresh: true, TimeProvider.System));
        Assert.True(File.Exists(thesis));
    }

    [Fact]
    public void Server_certificate_is_verified_by_the_pin_of_its_ca_alone()
    {
        using var data = DataDirectory.Open(State, fresh: false, TimeProvider.System);
        using var certificate = data.Authority.IssueServerCertificate(["localhost", "127.0.0.1"]);
        using var chain = new X509Chain();

        Assert.True(
            new ServerTrust([data.Authority.Pin]).Validate(certificate, chain, SslPolicyErrors.RemoteCertificateChainErrors, out var reason), reason);
        Assert.True(certificate.MatchesHostname("localhost"));
        Assert.True(certificate.MatchesHostname("127.0.0.1"));
        Assert.True(certificate.HasPrivateKey);
    }

    [Fact]
    public void Certificate_of_the_operator_is_loaded_with_a_pin_when_it_is_private()
    {
        using var data = DataDirectory.Open(State, fresh: false, TimeProvider.System);
        using var certificate = data.Authority.IssueServerCertificate(["border0.test"]);
        var pem = Path.Combine(root, "server.pem");
        var key = Path.Combine(root, "server-key.pem");
        File.WriteAllText(pem, certificate.ExportCertificatePem() + "\n" + data.Authority.Certificate.ExportCertificatePem());
        using (var ecdsa = certificate.GetECDsaPrivateKey()!)
        {
            File.WriteAllText(key, ecdsa.ExportPkcs8PrivateKeyPem());
        }

        var loaded = ServerCertificates.Load(pem, key);

        Assert.Equal(certificate.Thumbprint, loaded.Leaf.Thumbprint);
        using var chain = new X509Chain();
        Assert.True(new ServerTrust(loaded.Pins).Validate(loaded.Leaf, chain, SslPolicyErrors.RemoteCertificateChainErrors, out var reason), reason);
        Assert.Single(loaded.Pins);
    }

    [Fact]
    public void Certificate_that_cannot_be_used_is_named()
    {
        var pem = Path.Combine(root, "server.pem");
        File.WriteAllText(pem, "nonsense");

        Assert.Contains(pem, Assert.Throws<ConnectorError>(() => ServerCertificates.Load(pem, pem)).Message);
        Assert.Contains("no such file", Assert.Throws<ConnectorError>(() => ServerCertificates.Load(Path.Combine(root, "none"), pem)).Message);
    }
}
