namespace Connector.Host.Running;

/// <summary>How this program is started once more.</summary>
/// <param name="File">Of the process to start.</param>
/// <param name="First">Arguments before those of the command line: the library when the runtime's own program runs it.</param>
internal sealed record OwnProgram(string File, IReadOnlyList<string> First)
{
    public static OwnProgram OfProcess()
        => Of(Environment.ProcessPath ?? throw new InvalidOperationException("the system does not say which program this process runs"), AppContext.BaseDirectory);

    /// <param name="processPath">Full path of the running program.</param>
    /// <param name="directory">Where its libraries are.</param>
    public static OwnProgram Of(string processPath, string directory)
    {
        var library = Path.Combine(directory, "connector.dll");
        return string.Equals(Path.GetFileNameWithoutExtension(processPath), "dotnet", StringComparison.OrdinalIgnoreCase)
            ? new OwnProgram(processPath, [library])
            : new OwnProgram(processPath, []);
    }
}
