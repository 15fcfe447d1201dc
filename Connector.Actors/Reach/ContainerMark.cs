namespace Connector.Actors.Reach;

/// <summary>Whether this process seems to run in a container. Only used for hints.</summary>
internal static class ContainerMark
{
    private static readonly string[] Engines = ["docker", "containerd", "kubepods", "libpod", "lxc"];

    public static bool IsPresent() => IsPresent(File.Exists, ReadCgroup);

    internal static bool IsPresent(Func<string, bool> fileExists, Func<string> cgroup)
    {
        if (fileExists("/.dockerenv") || fileExists("/run/.containerenv"))
            return true;
        var text = cgroup();
        return Engines.Any(engine => text.Contains(engine, StringComparison.Ordinal));
    }

    private static string ReadCgroup()
    {
        try
        {
            return OperatingSystem.IsLinux() ? File.ReadAllText("/proc/self/cgroup") : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
