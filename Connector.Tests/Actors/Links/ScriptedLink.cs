using System.Collections.Concurrent;
using Connector.Actors.Links;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;

namespace Connector.Tests.Actors.Links;

/// <summary>A link without a wire: remembers what it is told.</summary>
internal sealed class ScriptedLink(IReplicaLinkOwner owner) : ILink
{
    private readonly ConcurrentDictionary<int, (Stream Stream, TaskCompletionSource<LaneEnd> End)> lanes = new();
    private int numbers;
    private int streams;

    public IReplicaLinkOwner Owner => owner;

    public LinkId Id { get; } = LinkId.New();

    public int LiveLanes => lanes.Count;

    public PathProof Path { get; set; } = new(true, TimeSpan.Zero);

    public int LiveStreams
    {
        get => Volatile.Read(ref streams);
        set => Volatile.Write(ref streams, value);
    }

    public ConcurrentQueue<string> Said { get; } = new();

    public bool Disposed { get; private set; }

    public IReadOnlyCollection<int> LaneNumbers => [.. lanes.Keys.Order()];

    public int NextLaneNumber() => Interlocked.Increment(ref numbers);

    public Task<LaneEnd> Attach(int laneNumber, LaneKind kind, Stream stream)
    {
        var end = new TaskCompletionSource<LaneEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        lanes[laneNumber] = (stream, end);
        return end.Task;
    }

    public void CutLanes()
    {
        foreach (var number in lanes.Keys)
        {
            if (lanes.TryRemove(number, out var lane))
                lane.End.SetResult(new LaneEnd(number, LaneEndKind.Remote, "cut by the test"));
        }
    }

    public void Serve(SocketId socketId, long configVersion, UpstreamLamp upstream) => Said.Enqueue(upstream == UpstreamLamp.Unknown ? $"serve {socketId} {configVersion}" : $"serve {socketId} {configVersion} {upstream}");

    public void Unserve(SocketId socketId) => Said.Enqueue($"unserve {socketId}");

    public void RenewTicket(string ticket) => Said.Enqueue($"ticket {ticket}");

    public void Drain(TimeSpan grace) => Said.Enqueue($"drain {grace.TotalSeconds}");

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        CutLanes();
        return ValueTask.CompletedTask;
    }
}
