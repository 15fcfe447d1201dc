using System.Runtime.Versioning;

namespace Connector.Tests.Processes;

internal static class FileModes
{
    /// <summary>None of a file that was renamed or removed since it was listed.</summary>
    [UnsupportedOSPlatform("windows")]
    public static UnixFileMode Of(string path)
    {
        try
        {
            return File.GetUnixFileMode(path);
        }
        catch (FileNotFoundException)
        {
            return UnixFileMode.None;
        }
    }
}
