using System.Buffers.Text;
using System.Security.Cryptography;
using Connector.Host.Errors;
using Connector.Protocol;

namespace Connector.Host.State;

/// <summary>Where a server keeps its admin token, its certificates and its store. Only one process may use it.</summary>
public sealed class DataDirectory : IDisposable
{
    public const string AdminTokenFile = "admin-token";

    private const string Purpose = "the data directory";

    private readonly DirectoryLock held;

    private DataDirectory(string path, DirectoryLock held, Secret adminToken, bool isNew)
    {
        Path = path;
        this.held = held;
        AdminToken = adminToken;
        IsNew = isNew;
    }

    public string Path { get; }

    public Secret AdminToken { get; }

    public string AdminTokenPath => System.IO.Path.Combine(Path, AdminTokenFile);

    /// <summary>Whether this start made it.</summary>
    public bool IsNew { get; }

    /// <param name="fresh">Starts over: everything in the directory is deleted first.</param>
    /// <exception cref="ConnectorError">It cannot be used; the message names the path and the remedy.</exception>
    public static DataDirectory Open(string path, bool fresh)
    {
        path = System.IO.Path.GetFullPath(path);
        if (fresh)
        {
            RefuseForeign(path);
        }

        PrivateFiles.EnsureDirectory(path, Purpose);
        var held = DirectoryLock.Take(path, Purpose, "--data-dir");
        try
        {
            if (fresh)
            {
                Clear(path);
            }

            var tokenPath = System.IO.Path.Combine(path, AdminTokenFile);
            var token = PrivateFiles.TryRead(tokenPath, "the admin token");
            var isNew = token is null;
            if (isNew)
            {
                token = "b0a_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
                PrivateFiles.Write(tokenPath, token + "\n", "the admin token");
            }
            else if (token!.Length < 32)
            {
                throw new ConnectorError(
                    $"Cannot use the admin token in {tokenPath}", "it is shorter than 32 characters", "Delete the file: the next start makes a new one");
            }

            return new DataDirectory(path, held, new Secret(token), isNew);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose() => held.Dispose();

    /// <summary>A wrong --data-dir with --fresh must not delete somebody's home directory.</summary>
    private static void RefuseForeign(string path)
    {
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any() && !File.Exists(System.IO.Path.Combine(path, AdminTokenFile)))
        {
            throw new ConnectorError(
                $"Cannot start over in {path}", "it is not empty and was not made by this program", "Name another --data-dir, or empty that one yourself");
        }
    }

    private static void Clear(string path)
    {
        try
        {
            foreach (var entry in new DirectoryInfo(path).EnumerateFileSystemInfos())
            {
                if (entry is DirectoryInfo { LinkTarget: null } directory)
                {
                    directory.Delete(recursive: true);
                }
                else if (entry.Name != DirectoryLock.FileName)
                {
                    entry.Delete();
                }
            }
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.ToError($"Cannot start over in {path}", failure, path);
        }
    }
}
