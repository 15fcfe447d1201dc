using System.Collections.Concurrent;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Server.Edge.Links;

namespace Connector.Tests.Server.Edge;

/// <summary>A link whose replica does what the test says.</summary>
internal sealed class FakeRelayLink : IRelayLink
{
    private int liveLanes;

    public int LiveLanes
    {
        get => Volatile.Read(ref liveLanes);
        set => Volatile.Write(ref liveLanes, value);
    }

    public int LiveStreams { get; set; }

    public PathProof Path { get; set; } = new(true, TimeSpan.Zero);

    public bool IsDraining { get; set; }

    public HashSet<SocketId> Served { get; } = [];

    public ConcurrentQueue<OpenRequest> Requests { get; } = new();

    public ConcurrentQueue<FakeOpening> Openings { get; } = new();

    public List<(SocketId SocketId, ResetCode Code)> Withdrawn { get; } = [];

    /// <summary>The lane attached last.</summary>
    public Stream? Lane { get; private set; }

    public (GoAwayReason Reason, string Text)? Ended { get; private set; }

    /// <summary>The answer to each OPEN; without one it waits for the test or the caller.</summary>
    public Func<OpenRequest, OpenAnswer?> Answer { get; set; } = _ => new OpenAnswer.Opened(new EchoStream());

    /// <summary>The link of a replica that has one lane and serves these. The table makes links of this kind.</summary>
    public static FakeRelayLink Admitted(LinkTable links, KnownTickets tickets, string name, IEnumerable<SocketId> serves)
    {
        tickets.With(name, EdgeSamples.Claims(name, replica: name, key: new KeyThumbprint(name)));
        var hello = EdgeSamples.Hello(name, replica: name);
        var link = links.Admit(hello, new KeyThumbprint(name)).Link!;
        var fake = (FakeRelayLink)link.Link;
        fake.Served.UnionWith(serves);
        fake.TryAttach(hello, Stream.Null);
        links.LaneSettled(link, attached: true);
        return fake;
    }

    public bool Serves(SocketId socketId) => LiveLanes > 0 && !IsDraining && Served.Contains(socketId);

    public bool TryAttach(LaneHello hello, Stream stream)
    {
        Interlocked.Increment(ref liveLanes);
        Lane = stream;
        return true;
    }

    public IStreamOpening BeginOpen(OpenRequest request, SocketMemory memory)
    {
        Requests.Enqueue(request);
        var opening = new FakeOpening();
        Openings.Enqueue(opening);
        if (Answer(request) is { } answer)
        {
            opening.Say(answer);
        }

        return opening;
    }

    public void Withdraw(SocketId socketId, ResetCode code)
    {
        Served.Remove(socketId);
        Withdrawn.Add((socketId, code));
    }

    public void End(GoAwayReason reason, string text)
    {
        LiveLanes = 0;
        Ended = (reason, text);
    }
}
