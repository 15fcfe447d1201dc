using System.Net.Sockets;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Stages;
using Connector.Relay.Streams;

namespace Connector.Server.Edge.Links;

/// <summary>An <see cref="EdgeLink"/> of the relay.</summary>
internal sealed class RelayLink(EdgeLink link) : IRelayLink
{
    public int LiveLanes => link.LiveLanes;

    public int LiveStreams => link.LiveStreams;

    public bool IsDraining => link.IsDraining;

    public PathProof Path => link.Path;

    public bool Serves(SocketId socketId) => link.Serves(socketId);

    public bool TryAttach(LaneHello hello, Stream stream) => link.TryAttach(hello, stream);

    public IStreamOpening BeginOpen(OpenRequest request, SocketMemory memory) => new RelayOpening(link.BeginOpen(request, memory));

    public void Withdraw(SocketId socketId, ResetCode code) => link.Withdraw(socketId, code);

    public void End(GoAwayReason reason, string text) => link.End(reason, text);

    private sealed class RelayOpening(StreamOpening opening) : IStreamOpening
    {
        public Task Accepted => opening.Accepted;

        public Task<OpenAnswer> Answer { get; } = ReadAsync(opening.Answer);

        public void Cancel() => opening.Cancel();

        private static async Task<OpenAnswer> ReadAsync(Task<OpenOutcome> outcome) => await outcome.ConfigureAwait(false) switch
        {
            OpenOutcome.Opened opened => new OpenAnswer.Opened(new RelayedStream(opened.Stream)),
            OpenOutcome.Refused refused => new OpenAnswer.Refused(refused.Code, refused.Text),
            OpenOutcome.LinkLost lost => new OpenAnswer.LinkLost(lost.Reason),
            OpenOutcome.Cancelled => OpenAnswer.Cancelled.Instance,
            var other => throw new InvalidOperationException($"the relay answered an OPEN with {other.GetType().Name}, which the edge does not know"),
        };
    }

    private sealed class RelayedStream(RelayStream stream) : IRelayedStream
    {
        public Task<StreamOutcome> RunAsync(Socket client, IMaterializer materializer)
            => RelayGraph.Run(materializer, client, stream);

        public void Reset(ResetCode code) => stream.Reset(code);
    }
}
