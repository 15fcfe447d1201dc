namespace Connector.Server.Discovery;

/// <summary>
/// What becomes of resources whose discovery id the plugin does not run any more, because its configuration dropped or renamed it (a region, a role, a
/// namespace, a target). Pure.
/// </summary>
internal static class DroppedDiscoveries
{
    /// <summary>Nobody waits longer for a discoverer that does not succeed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    /// <summary>Which of them another discoverer has found now: they are its own from here on. Of several with one identity, the one that was found first.</summary>
    /// <param name="dropped">Under ids that do not run.</param>
    /// <param name="own">Identities that the discoverer knows already.</param>
    /// <param name="found">Identities that its scan lists.</param>
    /// <returns>Their ids.</returns>
    public static IReadOnlySet<string> CarriedOver(IEnumerable<Dropped> dropped, IEnumerable<string> own, IReadOnlySet<string> found)
    {
        var taken = own.ToHashSet(StringComparer.Ordinal);
        return dropped.OrderBy(static resource => resource.FirstSeen).ThenBy(static resource => resource.Id, StringComparer.Ordinal)
            .Where(resource => found.Contains(resource.Identity) && taken.Add(resource.Identity))
            .Select(static resource => resource.Id).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>
    /// Whether the rest goes: when each discoverer that runs has told all that it finds, so that nothing of it can be one of theirs. One that has not been able
    /// to for <see cref="Patience"/> is not waited for.
    /// </summary>
    /// <param name="running">Discovery ids.</param>
    /// <param name="known">What is known of their scans.</param>
    public static bool MayGo(IEnumerable<string> running, IReadOnlyDictionary<string, Told> known, DateTimeOffset now)
        => running.All(id => known.TryGetValue(id, out var told) && (told.Whole || now - told.Since >= Patience));

    /// <param name="Id">Of the resource.</param>
    internal readonly record struct Dropped(string Id, string Identity, DateTimeOffset FirstSeen);

    /// <param name="Whole">It was read, without a gap.</param>
    /// <param name="Since">Its first scan.</param>
    internal readonly record struct Told(bool Whole, DateTimeOffset Since);
}
