namespace Connector.Host.Running;

/// <summary>Whether a host is still starting. Until then its failures are told by who starts it, in words for a user; frameworks would print their own beside them.</summary>
internal sealed class StartPhase
{
    private volatile bool over;

    public bool IsOver => over;

    public void End() => over = true;
}
