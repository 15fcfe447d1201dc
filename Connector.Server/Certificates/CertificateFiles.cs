using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Connector.Server.Certificates;

/// <summary>Certificates and private keys on disk: PEM, readable by the owner only, replaced atomically.</summary>
internal static class CertificateFiles
{
    /// <summary>Makes the folder with mode 0700 where it is missing.</summary>
    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public static void Write(string path, X509Certificate2 certificate, ECDsa key)
    {
        WriteText(path, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    public static void WriteText(string path, string text)
    {
        // In the same folder, so that the rename is atomic and a crash leaves the old file.
        var temporary = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        File.Delete(temporary);
        using (var writer = new StreamWriter(temporary, options))
        {
            writer.Write(text);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Reads one certificate with its private key.</summary>
    /// <exception cref="CertificateException">Missing, not readable, or not what it should be.</exception>
    public static X509Certificate2 Read(string certificatePath, string keyPath, string what)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
            return Reimport(certificate);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new CertificateException(
                $"{what} cannot be read from {certificatePath}{(keyPath == certificatePath ? "" : $" and {keyPath}")}: {exception.Message}. "
                + "It must be a PEM file with a certificate and its unencrypted private key, readable by this process.", exception);
        }
    }

    /// <summary>Keys that exist only in memory cannot be used for TLS on Windows and macOS; keys that came out of a PFX can.</summary>
    public static X509Certificate2 Reimport(X509Certificate2 certificate)
        => X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
}
