using Akka.Actor.Setup;

namespace Connector.Actors.Group;

/// <summary>What the group system's own parts need that Akka makes from names in configuration.</summary>
internal sealed class GroupSystemSetup(GroupIdentity identity, IGroupVerdicts verdicts, GroupTiming timing, TimeProvider time) : Setup
{
    private long generation;

    public GroupIdentity Identity => identity;

    public IGroupVerdicts Verdicts => verdicts;

    public GroupTiming Timing => timing;

    public TimeProvider Time => time;

    /// <summary>Of the last verdict that this replica heard of; only grows.</summary>
    public long Generation => Interlocked.Read(ref generation);

    public void Heard(long ofVerdict)
    {
        long known;
        while (ofVerdict > (known = Generation) && Interlocked.CompareExchange(ref generation, ofVerdict, known) != known)
        {
        }
    }
}
