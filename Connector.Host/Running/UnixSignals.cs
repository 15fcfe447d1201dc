using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Connector.Host.Running;

/// <summary>Signals to other processes of this machine.</summary>
internal static class UnixSignals
{
    public const int Kill = 9;
    public const int Terminate = 15;

    private const int NoSuchProcess = 3;

    public static int Stop => OperatingSystem.IsMacOS() ? 17 : 19;

    public static int Continue => OperatingSystem.IsMacOS() ? 19 : 18;

    public static bool AreThere => !OperatingSystem.IsWindows();

    /// <returns>False when there is no such process any more.</returns>
    /// <exception cref="Win32Exception">Not allowed.</exception>
    public static bool Send(int processId, int signal)
    {
        // 0 and below mean groups of processes, this one's own among them.
        ArgumentOutOfRangeException.ThrowIfLessThan(processId, 2);
        if (SendSignal(processId, signal) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}
