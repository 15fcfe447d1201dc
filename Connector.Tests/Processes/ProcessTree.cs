using System.Globalization;

namespace Connector.Tests.Processes;

/// <summary>What Linux says in /proc about processes and their descendants.</summary>
internal static class ProcessTree
{
    private const double TicksPerSecond = 100;

    /// <summary>The given processes and all their living descendants.</summary>
    public static IReadOnlySet<int> WithDescendants(IEnumerable<int> roots)
    {
        var parents = Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .Select(id => (Id: id, Stat: ReadStat(id)))
            .Where(entry => entry.Stat.Length > 1)
            .Select(entry => (entry.Id, Parent: int.Parse(entry.Stat[1], CultureInfo.InvariantCulture)))
            .ToLookup(entry => entry.Parent, entry => entry.Id);
        var found = new HashSet<int>();
        var waiting = new Stack<int>(roots);
        while (waiting.TryPop(out var id))
        {
            if (found.Add(id))
            {
                foreach (var child in parents[id])
                {
                    waiting.Push(child);
                }
            }
        }

        return found;
    }

    /// <summary>Empty when the process is gone.</summary>
    public static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>User and system time of the processes and their descendants, ended children included.</summary>
    public static TimeSpan CpuTime(IEnumerable<int> roots)
        => TimeSpan.FromSeconds(WithDescendants(roots).Select(ReadStat).Where(stat => stat.Length > 14)
            .Sum(stat => stat[11..15].Sum(field => double.Parse(field, CultureInfo.InvariantCulture))) / TicksPerSecond);

    /// <summary>Resident bytes of the processes and their descendants.</summary>
    public static long ResidentBytes(IEnumerable<int> roots)
        => WithDescendants(roots).Sum(id =>
        {
            try
            {
                var pages = File.ReadAllText($"/proc/{id}/statm").Split(' ')[1];
                return long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return 0;
            }
        });

    /// <summary>The fields after the command name: state, parent, ... Empty when the process is gone.</summary>
    private static string[] ReadStat(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
