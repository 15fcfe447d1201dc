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
    public int LiveLanes { get; set; }

    public int LiveStreams { get; set; }

    public PathProof Path { get; set; } = new(true, TimeSpan.Zero);

    public bool IsDraining { get; set; }

    public HashSet<SocketId> Served { get; } = [];

    public ConcurrentQueue<OpenRequest> Requests { get; } = new();

    public List<(SocketId SocketId, ResetCode Code)> Withdrawn { get; } = [];

    /// <summary>The lane attached last.</summary>
    public Stream? Lane { get; private set; }

    public (GoAwayReason Reason, string Text)? Ended { get; private set; }

    /// <summary>The answer to each OPEN; an open one waits for the caller's token.</summary>
    public Func<OpenRequest, OpenAnswer?> Answer { get; set; } = _ => new OpenAnswer.Opened(new EchoStream());

    public bool Serves(SocketId socketId) => LiveLanes > 0 && !IsDraining && Served.Contains(socketId);

    public bool TryAttach(LaneHello hello, Stream stream)
    {
        LiveLanes++;
        Lane = stream;
        return true;
    }

    public async Task<OpenAnswer> OpenAsync(OpenRequest request, SocketMemory memory, CancellationToken cancellationToken)
    {
        Requests.Enqueue(request);
        if (Answer(request) is { } answer)
        {
            return answer;
        }

        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return OpenAnswer.Cancelled.Instance;
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
