using Connector.Host.Errors;

namespace Connector.Host.State;

/// <summary>Exclusive use of a directory, for as long as this object lives. The system releases it when the process dies.</summary>
internal sealed class DirectoryLock : IDisposable
{
    public const string FileName = "lock";

    private readonly FileStream file;

    private DirectoryLock(FileStream file) => this.file = file;

    /// <param name="flag">The option that names another directory.</param>
    /// <exception cref="ConnectorError">Another process has it, or the directory cannot be written.</exception>
    public static DirectoryLock Take(string directory, string purpose, string flag)
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = PrivateFiles.OwnerOnlyFile;
            }

            return new DirectoryLock(new FileStream(path, options));
        }
        catch (IOException failure) when (failure.GetType() == typeof(IOException) && File.Exists(path) && !IsDiskOrMount(failure))
        {
            throw new ConnectorError(
                $"Cannot use {purpose} {directory}", "another process is using it", $"Stop that process, or give this one a directory of its own ({flag})",
                inner: new DirectoryInUseException(failure));
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.ToError($"Cannot use {purpose} {directory}", failure, directory);
        }
    }

    public void Dispose() => file.Dispose();

    private static bool IsDiskOrMount(IOException failure)
        => FileFailure.Explain(failure, "").Why is var why && (why.Contains("disk", StringComparison.Ordinal) || why.Contains("read-only", StringComparison.Ordinal));
}
