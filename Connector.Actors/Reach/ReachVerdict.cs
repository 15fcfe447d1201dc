namespace Connector.Actors.Reach;

/// <summary>Whether an address may be dialled.</summary>
/// <param name="Rule">When it may not: the rule that forbids it, in words fit for a log record. Empty otherwise.</param>
public readonly record struct ReachVerdict(bool Allowed, string Rule)
{
    public static readonly ReachVerdict Permitted = new(true, "");

    public static ReachVerdict Forbidden(string rule) => new(false, rule);
}
