using System.Collections.Concurrent;
using Connector.Actors.Links;
using Connector.Protocol.Ids;
using Connector.Relay.Lanes;

namespace Connector.Tests.Actors.Links;

/// <summary>Answers lane dials by a script; without one the edge welcomes.</summary>
internal sealed class ScriptedLaneDialer : ILaneDialer
{
    private readonly ConcurrentDictionary<LinkId, bool> known = new();

    public ConcurrentQueue<(LinkSupervisorProtocol.EdgeAddress Edge, LaneHello Hello)> Dialled { get; } = new();

    public ConcurrentQueue<TimeSpan> Timeouts { get; } = new();

    public volatile Func<LaneHello, Task<LaneDialOutcome>>? Script;

    public Task<LaneDialOutcome> DialAsync(LinkSupervisorProtocol.EdgeAddress edge, LaneHello hello, TimeSpan connectTimeout, CancellationToken cancellationToken)
    {
        Dialled.Enqueue((edge, hello));
        Timeouts.Enqueue(connectTimeout);
        return Script is { } script ? script(hello) : Task.FromResult(Welcome(edge.EdgeId, hello));
    }

    public LaneDialOutcome Welcome(EdgeId edge, LaneHello hello, bool forgotten = false)
        => new LaneDialOutcome.Connected(new MemoryStream(), new LaneWelcome(edge, !forgotten && !known.TryAdd(hello.LinkId, true), 1, 8, 64));
}
