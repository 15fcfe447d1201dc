namespace Connector.Host.Dev;

/// <summary>What to do about a child process that has ended.</summary>
internal abstract record RestartDecision
{
    private RestartDecision()
    {
    }

    public sealed record After(TimeSpan Wait) : RestartDecision;

    public sealed record GiveUp(string Reason) : RestartDecision;
}
