using Connector.Host.Errors;

namespace Connector.Host.State;

/// <summary>Where an edge of its own keeps its certificates and its state. Only one process may use it.</summary>
public sealed class EdgeDataDirectory : IDisposable
{
    private const string Purpose = "the edge's data directory";

    private readonly DirectoryLock held;

    private EdgeDataDirectory(string path, DirectoryLock held) => (Path, this.held) = (path, held);

    public string Path { get; }

    /// <exception cref="ConnectorError">It cannot be used; the message names the path and the remedy.</exception>
    public static EdgeDataDirectory Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (File.Exists(System.IO.Path.Combine(path, DataDirectory.AdminTokenFile)))
        {
            throw new ConnectorError(
                $"Cannot use {Purpose} {path}", "it is a control plane's: an edge there would show the control plane's certificates", "Name another --data-dir for the edge");
        }

        PrivateFiles.EnsureDirectory(path, Purpose);
        return new EdgeDataDirectory(path, DirectoryLock.Take(path, Purpose, "--data-dir"));
    }

    public void Dispose() => held.Dispose();
}
