namespace Connector.Actors.Reach;

/// <summary>Where a plain byte relay dials.</summary>
/// <param name="Host">A name, or an IP address in any spelling. What counts is what it resolves to.</param>
public sealed record PlainUpstream(string Host, int Port)
{
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
