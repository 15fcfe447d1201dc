namespace Connector.Host.Commands;

/// <summary>How a reader types this program: a newcomer who started it with <c>dotnet run</c> has no <c>connector</c> on the path.</summary>
internal static class CommandName
{
    private const string Usual = "connector";

    public static string OfProcess(string? searchPath) => Of(Environment.ProcessPath, searchPath, Environment.CurrentDirectory);

    /// <param name="program">Full path of the running program.</param>
    /// <param name="searchPath">$PATH.</param>
    public static string Of(string? program, string? searchPath, string workingDirectory)
    {
        if (program is null || !string.Equals(Path.GetFileNameWithoutExtension(program), Usual, StringComparison.OrdinalIgnoreCase))
        {
            // Run by the runtime or by a test: there is no file of this name to point at.
            return Usual;
        }

        var directory = Path.GetDirectoryName(program) ?? "";
        if ((searchPath ?? "").Split(Path.PathSeparator).Any(entry => entry.TrimEnd(Path.DirectorySeparatorChar) == directory))
        {
            return Usual;
        }

        var relative = Path.GetRelativePath(workingDirectory, program);
        var typed = relative.StartsWith("..", StringComparison.Ordinal) ? program : relative.Contains(Path.DirectorySeparatorChar) ? relative : Path.Combine(".", relative);
        return typed.Contains(' ') ? $"\"{typed}\"" : typed;
    }
}
