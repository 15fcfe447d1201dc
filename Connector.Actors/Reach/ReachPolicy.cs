using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Connector.Actors.Reach;

/// <summary>
/// Which addresses a replica may dial. Decided on resolved addresses, never on names. The floor always holds; the local <c>reach:</c> section
/// narrows it further. Nothing that comes from the control plane is an input, so nothing remote can widen it.
/// </summary>
public sealed class ReachPolicy
{
    /// <summary>Only the floor: what holds without a <c>reach:</c> section.</summary>
    public static readonly ReachPolicy Floor = new([], []);

    private readonly ImmutableArray<IPNetwork> allow;
    private readonly ImmutableArray<IPNetwork> deny;

    private ReachPolicy(ImmutableArray<IPNetwork> allow, ImmutableArray<IPNetwork> deny)
    {
        this.allow = allow;
        this.deny = deny;
    }

    /// <param name="allow">Networks that may be dialled; none means all that the floor and <paramref name="deny"/> leave.</param>
    /// <param name="deny">Networks that may not. Wins over <paramref name="allow"/>.</param>
    /// <param name="error">What is wrong with the first entry that cannot be read.</param>
    public static bool TryCreate(
        IEnumerable<string> allow,
        IEnumerable<string> deny,
        [NotNullWhen(true)] out ReachPolicy? policy,
        [NotNullWhen(false)] out string? error)
    {
        policy = null;
        if (!TryParse("reach.allow", allow, out var allowed, out error) || !TryParse("reach.deny", deny, out var denied, out error))
            return false;
        policy = new ReachPolicy(allowed, denied);
        return true;
    }

    public ReachVerdict Evaluate(IPAddress address)
    {
        // An IPv4-compatible form and the like is judged as itself and as everything it may lead to.
        var plain = EmbeddedAddresses.Normalize(address);
        if (ForbiddenAsIs(plain) is { } rule)
            return ReachVerdict.Forbidden(rule);

        foreach (var embedded in EmbeddedAddresses.Of(plain))
        {
            if (ForbiddenAsIs(embedded) is { } inner)
                return ReachVerdict.Forbidden($"{inner}, reached through {plain}");
        }

        if (allow.Length > 0 && !Contains(allow, plain))
            return ReachVerdict.Forbidden("not in reach.allow of this replica");
        return ReachVerdict.Permitted;
    }

    /// <summary>The rule that forbids the address, or null.</summary>
    public string? Forbids(IPAddress address) => Evaluate(address) is { Allowed: false, Rule: var rule } ? rule : null;

    private string? ForbiddenAsIs(IPAddress address)
    {
        if (ReachFloor.Find(address) is { } rule)
            return rule;
        foreach (var network in deny)
        {
            if (network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address))
                return $"reach.deny of this replica ({network})";
        }

        return null;
    }

    private static bool Contains(ImmutableArray<IPNetwork> networks, IPAddress address)
    {
        foreach (var network in networks)
        {
            if (network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address))
                return true;
        }

        return false;
    }

    private static bool TryParse(string section, IEnumerable<string> texts, out ImmutableArray<IPNetwork> networks, [NotNullWhen(false)] out string? error)
    {
        var builder = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (var text in texts)
        {
            if (!ReachNetwork.TryParse(text, out var network, out var reason))
            {
                networks = [];
                error = $"{section}: {reason}";
                return false;
            }

            builder.Add(network);
        }

        networks = builder.ToImmutable();
        error = null;
        return true;
    }
}
