using System.Collections.Immutable;
using System.Globalization;

namespace Connector.Host.Drill;

/// <summary>Whether there was ever more than one control session, by the control plane's own record. Decisions only.</summary>
internal static class ControlHistory
{
    /// <param name="samples">In their order.</param>
    /// <param name="mostChanges">How often the control session may pass to another replica.</param>
    /// <returns>What was wrong, in words.</returns>
    public static ImmutableArray<string> Broken(IEnumerable<ControlSample> samples, int mostChanges)
    {
        var known = samples.Where(static sample => sample.Known).ToArray();
        var online = known.Where(static sample => sample is { Online: true, Leader: not null }).ToArray();
        var broken = ImmutableArray.CreateBuilder<string>();
        if (online.FirstOrDefault(static sample => sample.Replicas.Count(static replica => replica.Role == "leader") > 1) is { } two)
        {
            broken.Add(string.Create(CultureInfo.InvariantCulture, $"two replicas had the control session at epoch {two.Epoch}"));
        }

        foreach (var epoch in online.GroupBy(static sample => sample.Epoch))
        {
            var leaders = epoch.Select(static sample => sample.Leader).Distinct().ToArray();
            if (leaders.Length > 1)
            {
                broken.Add(string.Create(CultureInfo.InvariantCulture, $"epoch {epoch.Key} was of {string.Join(" and of ", leaders)}"));
            }
        }

        for (var i = 1; i < known.Length; i++)
        {
            if (known[i].Epoch < known[i - 1].Epoch)
            {
                broken.Add(string.Create(CultureInfo.InvariantCulture, $"the epoch went back from {known[i - 1].Epoch} to {known[i].Epoch}"));
            }
        }

        var changes = online.Zip(online.Skip(1), static (one, next) => one.Leader != next.Leader).Count(static changed => changed);
        if (changes > mostChanges)
        {
            broken.Add(string.Create(
                CultureInfo.InvariantCulture, $"the control session passed to another replica {changes} times; {mostChanges} are explained by what was done"));
        }

        return broken.ToImmutable();
    }
}
