namespace Connector.Actors.Reach;

/// <summary>Where a plain byte relay dials.</summary>
/// <param name="Host">A name, or an IP address in any spelling. What counts is what it resolves to.</param>
public sealed record PlainUpstream(string Host, int Port)
{
    /// <summary>What the host was looked up by; null when it is configured itself. It is shown instead: the control plane reads what is said here, and must not read the value.</summary>
    public string? Reference { get; init; }

    private string Shown => Reference ?? Host;

    public override string ToString() => Shown.Contains(':', StringComparison.Ordinal) ? $"[{Shown}]:{Port}" : $"{Shown}:{Port}";
}
