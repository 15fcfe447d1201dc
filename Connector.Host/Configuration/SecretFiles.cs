using Connector.Host.Errors;

namespace Connector.Host.Configuration;

/// <summary>Who may read a file that holds a secret.</summary>
/// <param name="credentialsDirectory">$CREDENTIALS_DIRECTORY, if any.</param>
/// <param name="isReadOnlyMount">Whether a path lies on a file system that is mounted read-only.</param>
internal sealed class SecretFiles(string? credentialsDirectory, Func<string, bool> isReadOnlyMount)
{
    private const string RunSecrets = "/run/secrets";
    private const UnixFileMode ReadableByOthers = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
    private const UnixFileMode ReadableByGroup = UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    public static SecretFiles For(HostEnvironment environment)
        => new(environment.Variable(EnvironmentNames.CredentialsDirectory), MountTable.IsReadOnly);

    /// <summary>A warning, or null.</summary>
    /// <exception cref="ConnectorError">Others can read it, and it lies where its owner could have prevented that.</exception>
    public string? Check(string path, string holds)
    {
        if (OperatingSystem.IsWindows())
        {
            // Access lists there are inherited from the user's own profile; a mode does not exist.
            return null;
        }

        UnixFileMode mode;
        string resolved;
        try
        {
            // Modes of a symbolic link say nothing; what counts is the file behind it.
            resolved = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
            mode = File.GetUnixFileMode(resolved);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.ToError($"Cannot read {holds} in {path}", failure, path);
        }

        if ((mode & ReadableByOthers) == 0)
        {
            return (mode & ReadableByGroup) == 0 ? null : $"{path} holds {holds}, and its group can read it; \"chmod 600 {path}\" if that is not meant";
        }

        var exempt = Lies(path, RunSecrets) || Lies(resolved, RunSecrets) ? $"below {RunSecrets}"
            : credentialsDirectory is not null && (Lies(path, credentialsDirectory) || Lies(resolved, credentialsDirectory)) ? "a credential of systemd"
            : isReadOnlyMount(resolved) ? "on a read-only mount"
            : null;
        return exempt is not null
            ? $"{path} holds {holds}, and others can read it (mode {Octal(mode)}); accepted because it is {exempt}"
            : throw new ConnectorError(
                $"Refused to use {holds} in {path}", $"other users of this machine can read it (mode {Octal(mode)})", $"Run: chmod 600 {path}");
    }

    private static bool Lies(string path, string below)
        => Path.GetFullPath(path).StartsWith(Path.GetFullPath(below).TrimEnd('/') + "/", StringComparison.Ordinal);

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
