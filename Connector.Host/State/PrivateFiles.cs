using System.Text;
using Connector.Host.Errors;

namespace Connector.Host.State;

/// <summary>Directories and files that only their owner may read (0700, 0600), written so that a crash leaves the old content or the new.</summary>
public static class PrivateFiles
{
    public const UnixFileMode OwnerOnlyDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    public const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Foreign = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Makes the directory, or narrows an existing one.</summary>
    /// <exception cref="ConnectorError">It cannot be made, or is open to others and cannot be narrowed.</exception>
    public static void EnsureDirectory(string path, string purpose)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
                return;
            }

            Directory.CreateDirectory(path, OwnerOnlyDirectory);
            if ((File.GetUnixFileMode(path) & Foreign) != 0)
            {
                File.SetUnixFileMode(path, OwnerOnlyDirectory);
            }
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.ToError($"Cannot use {purpose} {path}", failure, path);
        }
    }

    /// <exception cref="ConnectorError">It cannot be written.</exception>
    public static void Write(string path, string content, string purpose)
    {
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnerOnlyFile;
            }

            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(Encoding.UTF8.GetBytes(content));
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            try
            {
                File.Delete(temporary);
            }
            catch (Exception leftover) when (FileFailure.Is(leftover))
            {
                // The failure that is reported is the first one.
            }

            throw FileFailure.ToError($"Cannot write {purpose} {path}", failure, path);
        }
    }

    /// <summary>Null when there is no such file.</summary>
    /// <exception cref="ConnectorError">It is there, and cannot be read.</exception>
    public static string? TryRead(string path, string purpose)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.ToError($"Cannot read {purpose} {path}", failure, path);
        }
    }
}
