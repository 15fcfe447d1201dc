using System.Runtime.InteropServices;

namespace Connector.Host.Running;

/// <summary>The end of this process, whatever its threads are doing.</summary>
internal static class ProcessEnd
{
    /// <summary>Does not return. <see cref="Environment.Exit"/> would wait for handlers of the end, and for whoever holds the lock that it takes.</summary>
    public static void Now(int exitCode)
    {
        if (OperatingSystem.IsWindows())
        {
            Environment.Exit(exitCode);
        }

        Exit(exitCode);
    }

    [DllImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void Exit(int exitCode);
}
