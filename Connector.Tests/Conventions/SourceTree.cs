namespace Connector.Tests.Conventions;

/// <summary>Where the sources that we were built from are.</summary>
internal static class SourceTree
{
    private const string Marker = "Border0.Actors.sln";

    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Find(DirectoryInfo? folder)
        => folder is null ? throw new DirectoryNotFoundException($"Looking for {Marker} above {AppContext.BaseDirectory} found nothing: these tests run from the source tree.")
            : File.Exists(Path.Combine(folder.FullName, Marker)) ? folder.FullName
            : Find(folder.Parent);
}
