using System.Text;

namespace Connector.Host.Running;

/// <summary>Columns for people, as wide as their widest cell.</summary>
internal static class TextTable
{
    /// <param name="rows">All as long as the first, which is the head.</param>
    public static void Append(StringBuilder text, IReadOnlyCollection<string[]> rows, string indent = "")
    {
        var widths = Enumerable.Range(0, rows.First().Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            text.AppendLine($"{indent}{string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])))}".TrimEnd());
        }
    }
}
