using System.Globalization;

namespace Connector.Host.Drill;

/// <summary>Open files and sockets of a process of the same user, as Linux tells them.</summary>
internal static class OpenHandles
{
    /// <summary>Null when that is not told: another system, another user's process, or none.</summary>
    public static int? Of(int processId)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/fd")).Count();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
