namespace Connector.Host.Errors;

/// <summary>Turns what the file system says into a reason and a remedy.</summary>
public static class FileFailure
{
    private const int DiskFullUnix = 28;
    private const int QuotaUnix = 122;
    private const int ReadOnlyUnix = 30;
    private const int DiskFullWindows = unchecked((int)0x80070070);

    public static bool Is(Exception failure) => failure is IOException or UnauthorizedAccessException or NotSupportedException;

    public static (string Why, string Remedy) Explain(Exception failure, string path, bool reading = false) => failure switch
    {
        UnauthorizedAccessException when Directory.Exists(path) && !reading => (
            $"user {Environment.UserName} may not write there", "Give that user the directory (chown), or name another one that it owns"),
        UnauthorizedAccessException when Directory.Exists(path) => ("it is a directory", "Name a file"),
        UnauthorizedAccessException => (
            $"user {Environment.UserName} may not {(reading ? "read it" : "write there")}", "Give that user the right to (chown, chmod), or name another one"),
        DirectoryNotFoundException => ("a directory of the path does not exist", "Create it, or correct the path"),
        FileNotFoundException => ("there is no such file", "Create it, or correct the path"),
        PathTooLongException => ("the path is too long", "Name a shorter one"),
        IOException { HResult: DiskFullUnix or QuotaUnix or DiskFullWindows } => (
            "the disk is full, or its quota is used up", $"Free some space where {path} lies, and start again: nothing was lost"),
        IOException { HResult: ReadOnlyUnix } => ("the file system is mounted read-only", "Name a directory on one that can be written"),
        _ => (failure.Message.ReplaceLineEndings(" ").TrimEnd('.'), $"Check {path}"),
    };

    public static ConnectorError ToError(string what, Exception failure, string path, bool reading = false)
    {
        var (why, remedy) = Explain(failure, path, reading);
        return new ConnectorError(what, why, remedy, ExitCode.Mistake, failure);
    }
}
