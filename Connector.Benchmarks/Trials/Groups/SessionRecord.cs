namespace Connector.Benchmarks.Trials.Groups;

/// <summary>Control sessions by what the control plane itself wrote about them.</summary>
/// <param name="Opened">In all.</param>
/// <param name="MostAtOnce">Two would be one too many.</param>
internal sealed record SessionRecord(int Opened, int MostAtOnce)
{
    private const string OpenedBy = ": control session opened by ";
    private const string Of = ": control session of ";

    /// <param name="outputs">One for each life of the control plane, in order. A session does not outlive it.</param>
    public static SessionRecord Read(IEnumerable<string> outputs)
    {
        var (opened, most) = (0, 0);
        foreach (var output in outputs)
        {
            var live = 0;
            foreach (var line in output.AsSpan().EnumerateLines())
            {
                if (line.Contains(OpenedBy, StringComparison.Ordinal))
                {
                    opened++;
                    most = Math.Max(most, ++live);
                }
                else if (line.Contains(Of, StringComparison.Ordinal) && (line.Contains(" ended, ", StringComparison.Ordinal) || line.Contains(" was fenced, ", StringComparison.Ordinal)))
                {
                    live--;
                }
            }
        }

        return new SessionRecord(opened, most);
    }
}
