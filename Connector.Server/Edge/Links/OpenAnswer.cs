using Connector.Relay.Frames;

namespace Connector.Server.Edge.Links;

/// <summary>How an OPEN ended; as <see cref="Relay.Links.OpenOutcome"/>.</summary>
internal abstract record OpenAnswer
{
    private OpenAnswer()
    {
    }

    internal sealed record Opened(IRelayedStream Stream) : OpenAnswer;

    internal sealed record Refused(RefusalCode Code, string Text) : OpenAnswer;

    internal sealed record LinkLost(string Reason) : OpenAnswer;

    internal sealed record Cancelled : OpenAnswer
    {
        public static readonly Cancelled Instance = new();
    }
}
