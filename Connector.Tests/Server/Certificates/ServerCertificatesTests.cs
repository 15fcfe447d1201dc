using System.Security.Cryptography.X509Certificates;
using Connector.Protocol.Tls;
using Connector.Server.Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Server.Certificates;

[Trait("kind", Kinds.Contract)]
public sealed class ServerCertificatesTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("certificates-");
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    private string Folder => Path.Combine(directory.FullName, "certificates");

    [Fact]
    public void First_start_makes_a_ca_for_ten_years_and_a_certificate_for_one()
    {
        using var certificates = Open("connector.example.com", "203.0.113.9");
        var certificate = certificates.Current.TargetCertificate;
        using var ca = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Folder, "ca.pem"));

        Assert.InRange((ca.NotAfter - ca.NotBefore).TotalDays, 3650, 3660);
        Assert.InRange((certificate.NotAfter - certificate.NotBefore).TotalDays, 364, 366);
        Assert.Equal([ServerTrust.PinOf(ca)], certificates.CaPins);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["connector.example.com", "localhost"], names.EnumerateDnsNames());
        Assert.Equal(["127.0.0.1", "203.0.113.9", "::1"], names.EnumerateIPAddresses().Select(address => address.ToString()).Order(StringComparer.Ordinal));
        Assert.True(certificate.HasPrivateKey);
    }

    [Fact]
    public void Keys_are_readable_by_the_owner_only()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("file modes are a Unix matter");
            return;
        }

        using var certificates = Open();
        foreach (var file in Directory.GetFiles(Folder))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder));
    }

    [Fact]
    public void Restart_keeps_ca_and_certificate()
    {
        using var first = Open();
        using var second = Open();

        Assert.Equal(first.CaPins, second.CaPins);
        Assert.Equal(first.Current.TargetCertificate.Thumbprint, second.Current.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void New_name_makes_a_new_certificate_of_the_same_ca()
    {
        using var first = Open();
        using var second = Open("new.example.com");

        Assert.Equal(first.CaPins, second.CaPins);
        Assert.NotEqual(first.Current.TargetCertificate.Thumbprint, second.Current.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void Certificate_is_renewed_at_two_thirds_of_its_life_without_a_restart()
    {
        using var certificates = Open();
        var before = certificates.Current.TargetCertificate.Thumbprint;
        time.Advance(TimeSpan.FromDays(240));
        Assert.Equal(before, certificates.Current.TargetCertificate.Thumbprint);

        time.Advance(TimeSpan.FromDays(5));

        var renewed = certificates.Current.TargetCertificate;
        Assert.NotEqual(before, renewed.Thumbprint);
        Assert.True(renewed.NotAfter > time.GetUtcNow().AddDays(300));
        using var restarted = Open();
        Assert.Equal(renewed.Thumbprint, restarted.Current.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void Configured_files_are_used_and_read_again_when_they_change()
    {
        string path;
        using (Open("files.example.com"))
        {
            path = Path.Combine(directory.FullName, "configured.pem");
            File.Copy(Path.Combine(Folder, "server.pem"), path);
        }

        using var certificates = ServerCertificates.OpenFiles(path, path, time, NullLogger.Instance);
        var before = certificates.Current.TargetCertificate.Thumbprint;
        Assert.Empty(certificates.CaPins);
        using (Open("other.example.com"))
        {
            File.Copy(Path.Combine(Folder, "server.pem"), path, overwrite: true);
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(1));
        }

        time.Advance(TimeSpan.FromHours(1));

        Assert.NotEqual(before, certificates.Current.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void Damaged_file_is_an_error_that_names_it_and_a_running_server_keeps_its_certificate()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "ca.pem"), "not a certificate");
        Assert.Contains("ca.pem", Assert.Throws<CertificateException>(() => Open()).Message, StringComparison.Ordinal);

        File.Delete(Path.Combine(Folder, "ca.pem"));
        string path;
        using (Open())
        {
            path = Path.Combine(directory.FullName, "configured.pem");
            File.Copy(Path.Combine(Folder, "server.pem"), path);
        }

        using var certificates = ServerCertificates.OpenFiles(path, path, time, NullLogger.Instance);
        var before = certificates.Current.TargetCertificate.Thumbprint;
        File.WriteAllText(path, "half written");
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(before, certificates.Current.TargetCertificate.Thumbprint);
    }

    public void Dispose() => directory.Delete(recursive: true);

    private ServerCertificates Open(params string[] hosts) => ServerCertificates.OpenOwn(Folder, new ServerNames(hosts), time, NullLogger.Instance);
}
