using System.Globalization;
using System.Text;
using Connector.Host.Running;
using Connector.Protocol.Discovery;

namespace Connector.Host.Discovery;

/// <summary>Scans for people.</summary>
internal static class ScanTable
{
    private const int WidestName = 60;

    public static string Render(IEnumerable<ScannedSource> scans)
    {
        var text = new StringBuilder();
        foreach (var scan in scans)
        {
            if (text.Length > 0)
            {
                text.AppendLine();
            }

            text.AppendLine(CultureInfo.InvariantCulture, $"{scan.DiscoveryId}: {scan.Found?.Resources.Length ?? 0} found in {scan.Took.TotalSeconds:0.0} s");
            Notes(text, "error", scan.Failure is { } failure ? [failure] : []);
            Notes(text, "gap", scan.Found?.Gaps ?? []);
            Notes(text, "warning", scan.Found?.Warnings ?? []);
            Rows(text, [.. (scan.Found?.Resources ?? []).OrderBy(static resource => resource.Type, StringComparer.Ordinal).ThenBy(static resource => resource.Name, StringComparer.Ordinal)]);
        }

        return text.ToString();
    }

    private static void Notes(StringBuilder text, string kind, IEnumerable<string> notes)
    {
        foreach (var note in notes)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {kind}: {ResourceBounds.Text(note)}");
        }
    }

    private static void Rows(StringBuilder text, IReadOnlyList<DiscoveredResource> resources)
    {
        if (resources.Count == 0)
        {
            return;
        }

        TextTable.Append(text, [.. resources.Select(static resource => new[] { resource.Type, Short(resource.Name), Where(resource) }).Prepend(["TYPE", "NAME", "WHERE"])], indent: "  ");
    }

    private static string Where(DiscoveredResource resource)
        => ResourceEndpoints.Of(resource) switch
        {
            [] => "-",
            [var only] => Short($"{only.Host}:{only.Port}"),
            [var first, ..] all when all.Select(static at => at.Host).Distinct().Count() == 1 => Short(first.Host),
            [var first, ..] => Short($"{first.Host}, ..."),
        };

    private static string Short(string text)
    {
        var clean = ResourceBounds.Text(text);
        return clean.Length > WidestName ? clean[..(WidestName - 1)] + "…" : clean;
    }
}
