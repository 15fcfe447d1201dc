using System.Runtime.InteropServices;

namespace Connector.Host.Running;

/// <summary>
/// The memory of the C library: the compiler, TLS and SQLite have theirs there. What a burst has freed there stays with the process, spread over its threads' arenas.
/// </summary>
internal static class NativeHeap
{
    private static bool absent = !OperatingSystem.IsLinux();

    /// <summary>Gives back to the system what is free. Nothing where the library cannot (only glibc does).</summary>
    public static void Trim()
    {
        if (absent)
            return;
        try
        {
            _ = TrimAll(0);
        }
        catch (Exception missing) when (missing is EntryPointNotFoundException or DllNotFoundException)
        {
            absent = true;
        }
    }

    [DllImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int TrimAll(nuint keep);
}
