namespace Connector.Tests.Processes;

/// <summary>A folder of one owner, removed with everything in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder(string purpose) => Path = Directory.CreateTempSubdirectory($"border0-{purpose}-").FullName;

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string content)
    {
        var path = File(name);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone already: what we wanted.
        }
        catch (IOException)
        {
            // A process that is just ending still wrote into it; once more, and then it is an error.
            Directory.Delete(Path, recursive: true);
        }
    }
}
