namespace Connector.Host.Configuration;

/// <summary>How file systems are mounted. Known on Linux only; elsewhere nothing counts as read-only.</summary>
internal static class MountTable
{
    private const string Source = "/proc/self/mountinfo";

    public static bool IsReadOnly(string path)
    {
        try
        {
            return File.Exists(Source) && IsReadOnly(path, File.ReadLines(Source));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Lines as of proc(5): id, parent, device, root, mount point, options, ... The longest mount point above the path decides, the last among equals.</summary>
    internal static bool IsReadOnly(string path, IEnumerable<string> lines)
    {
        var (longest, readOnly) = (-1, false);
        foreach (var line in lines)
        {
            var fields = line.Split(' ');
            if (fields.Length < 6)
            {
                continue;
            }

            var point = fields[4].Replace(@"\040", " ", StringComparison.Ordinal).TrimEnd('/');
            if (point.Length >= longest && (path == point || path.StartsWith(point + "/", StringComparison.Ordinal)))
            {
                (longest, readOnly) = (point.Length, fields[5].Split(',').Contains("ro"));
            }
        }

        return readOnly;
    }
}
