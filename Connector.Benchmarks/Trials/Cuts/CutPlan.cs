using Connector.Benchmarks.Trials.Cutting;

namespace Connector.Benchmarks.Trials.Cuts;

/// <summary>Which cuts a seed stands for: every manner, of one lane and of all, equally often and in random order.</summary>
internal static class CutPlan
{
    private const double Shortest = 0.3;

    public static IEnumerable<Cut> Make(Random random, int count, TimeSpan longest)
    {
        var kinds = (from all in (bool[])[false, true] from manner in Enum.GetValues<CutManner>() select (all, manner)).ToArray();
        for (var i = 0; i < count; i++)
        {
            if (i % kinds.Length == 0)
            {
                random.Shuffle(kinds);
            }

            var (all, manner) = kinds[i % kinds.Length];
            yield return new Cut(all, manner, Length(random, all, manner, longest));
        }
    }

    /// <summary>One lane that is reset at both ends can be dialled again at once: that cut has no length.</summary>
    private static TimeSpan Length(Random random, bool all, CutManner manner, TimeSpan longest)
        => !all && manner == CutManner.Reset ? TimeSpan.Zero
            : TimeSpan.FromSeconds(Shortest + (random.NextDouble() * Math.Max(0, longest.TotalSeconds - Shortest)));
}
