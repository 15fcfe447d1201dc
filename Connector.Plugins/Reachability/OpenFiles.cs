using System.Globalization;

namespace Connector.Plugins.Reachability;

/// <summary>
/// How many connections may be tried at once. A process that cannot open a file any more cannot load code either and is ended by its runtime, with every socket
/// that it serves: discovery keeps away from that limit.
/// </summary>
internal static class OpenFiles
{
    // Of all that the process may open, for each plugin: others scan too, and sockets come first.
    private const int Part = 8;
    private const int Least = 4;
    private const string LimitName = "Max open files";

    /// <summary>As many as are wanted, or the plugin's part of what this process may open.</summary>
    public static int Share(int wanted) => Share(wanted, Limit(ReadLimits()));

    /// <param name="limit">Null: not known, or none.</param>
    public static int Share(int wanted, int? limit) => limit is { } most ? Math.Min(wanted, Math.Max(Least, most / Part)) : wanted;

    /// <summary>The soft limit, which the runtime raises to the hard one when it starts.</summary>
    /// <param name="limits">As in <c>/proc/self/limits</c> (proc_pid_limits(5)): a name, the soft and the hard limit, a unit.</param>
    public static int? Limit(IEnumerable<string> limits)
        => limits.FirstOrDefault(static line => line.StartsWith(LimitName, StringComparison.Ordinal)) is { } line
            && line[LimitName.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..]
            && int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;

    private static IEnumerable<string> ReadLimits()
    {
        try
        {
            return File.ReadAllLines("/proc/self/limits");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Another system, where it is not told there.
            return [];
        }
    }
}
