using Xunit;

namespace Connector.Tests.Services;

/// <summary>Skips a test, with the reason and the remedy, where something it needs is absent. With CI=true absence is a failure: there nothing is skipped.</summary>
internal static class Installed
{
    private static bool InCi => Environment.GetEnvironmentVariable("CI") == "true";

    public static void Require(params IEnumerable<InstalledProgram> programs)
    {
        RequireLinux();
        var missing = programs.Where(program => program.Find() is null).ToArray();
        if (missing.Length > 0)
        {
            SkipUnlessCi(
                $"{string.Join(", ", missing.Select(program => program.Name))} not installed. On Debian: "
                + $"apt-get install {string.Join(' ', missing.Select(program => program.DebianPackage).Distinct())}");
        }
    }

    public static void RequireLinux()
    {
        if (!OperatingSystem.IsLinux())
        {
            SkipUnlessCi("needs Linux: signals, /proc and the servers of its distributions");
        }
    }

    public static void SkipUnlessCi(string reason)
    {
        if (InCi)
        {
            Assert.Fail($"In CI nothing is skipped, but: {reason}");
        }

        Assert.Skip(reason);
    }
}
