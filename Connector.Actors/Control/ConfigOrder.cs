using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;

namespace Connector.Actors.Control;

/// <summary>Whether what one stream pushed follows on what it pushed before. Immutable.</summary>
/// <param name="InitSeen">An Init arrived on this stream.</param>
/// <param name="Last">The version of the last push; None from a server that does not number them.</param>
internal sealed record ConfigOrder(bool InitSeen, DesiredStateVersion Last)
{
    public static readonly ConfigOrder Start = new(false, DesiredStateVersion.None);

    public ConfigOrder AfterInit(ConfigVersion? version) => new(true, Read(version));

    /// <param name="next">The order after the update, when the verdict is not <see cref="ConfigVerdict.Reconnect"/>.</param>
    /// <param name="reason">Why to reconnect.</param>
    public ConfigVerdict OnUpdate(ConfigVersion? version, out ConfigOrder next, out string reason)
    {
        next = this;
        reason = "";
        if (!InitSeen)
        {
            reason = "the control plane sent an update before the whole configuration";
            return ConfigVerdict.Reconnect;
        }

        var update = Read(version);
        if (update == DesiredStateVersion.None || Last == DesiredStateVersion.None)
        {
            next = this with { Last = update == DesiredStateVersion.None ? Last : update };
            return ConfigVerdict.Apply;
        }

        // One change may be several updates with one number. Numbers may also be left out: a server that had several changes since its last push
        // sends their difference at once, and a change that does not concern the replica is not pushed at all. Within one ordered stream nothing
        // is lost by that; a number that falls, or another incarnation, is a history that this one does not lead to.
        if (update.Incarnation != Last.Incarnation || update.Number < Last.Number)
        {
            reason = $"configuration {update} does not follow on {Last}";
            return ConfigVerdict.Reconnect;
        }

        next = this with { Last = update };
        return ConfigVerdict.Apply;
    }

    public static DesiredStateVersion Read(ConfigVersion? version)
        => version is null ? DesiredStateVersion.None : new DesiredStateVersion(version.Incarnation, version.Number);
}
