using System.Security.Cryptography.X509Certificates;
using System.Net.Security;
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
        // Windows has no modes; its access lists are those of the user's profile.
        if (OperatingSystem.IsWindows())
            return;
        Directory.CreateDirectory(State);
        File.SetUnixFileMode(State, PrivateFiles.OwnerOnlyDirectory | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

        using var opened = StateDirectory.Open(State, TimeProvider.System);

        Assert.Equal(PrivateFiles.OwnerOnlyDirectory, File.GetUnixFileMode(State));
        foreach (var file in Directory.EnumerateFiles(State))
        {
            Assert.Equal(PrivateFiles.OwnerOnlyFile, File.GetUnixFileMode(file));
        }
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
        string admin;
        using (var first = DataDirectory.Open(State, fresh: false))
        {
            admin = first.AdminToken.Reveal();
            Assert.True(first.IsNew);
        }

        using (var second = DataDirectory.Open(State, fresh: false))
        {
            Assert.Equal(admin, second.AdminToken.Reveal());
            Assert.False(second.IsNew);
        }

        Directory.CreateDirectory(Path.Combine(State, "replica"));
        using var third = DataDirectory.Open(State, fresh: true);
        Assert.NotEqual(admin, third.AdminToken.Reveal());
        Assert.False(Directory.Exists(Path.Combine(State, "replica")));
    }

    [Fact]
    public void Starting_over_never_empties_a_directory_of_somebody_else()
    {
        Directory.CreateDirectory(State);
        var thesis = Path.Combine(State, "thesis.tex");
        File.WriteAllText(thesis, "");

        Assert.Throws<ConnectorError>(() => DataDirectory.Open(State, fresh: true));
        Assert.True(File.Exists(thesis));
    }
}
