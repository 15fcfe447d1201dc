using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Streams;
using Akka.Streams.Dsl;
using Connector.Actors.Reach;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Limits;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Stages;
using Connector.Relay.Streams;

namespace Connector.Tests.Actors.Sockets;

/// <summary>Makes the upstream of one socket misbehave; the others are dialled as they are.</summary>
internal sealed class FaultInjection(IUpstreamDialer real) : IUpstreamDialer
{
    /// <summary>The name that the faulty socket dials.</summary>
    public const string FaultyHost = "faulty.internal";

    private readonly ManualResetEventSlim release = new();

    public volatile Fault Fault;

    public ConcurrentBag<SocketMemory> FaultySocketMemory { get; } = [];

    public void Release()
    {
        Fault = Fault.None;
        release.Set();
    }

    public Task<DialOutcome> DialAsync(PlainUpstream upstream, CancellationToken cancellationToken)
    {
        if (upstream.Host != FaultyHost)
            return real.DialAsync(upstream, cancellationToken);
        switch (Fault)
        {
            case Fault.HandlerThrows:
                throw new InvalidOperationException("injected: the handler throws");
            case Fault.HandlerBlocks:
                release.Wait(TimeSpan.FromMinutes(1), CancellationToken.None);
                break;
            case Fault.DialHangs:
                // Deaf to its token as well.
                return new TaskCompletionSource<DialOutcome>().Task;
        }

        return real.DialAsync(upstream with { Host = "127.0.0.1" }, cancellationToken);
    }

    public IStreamOffer Wrap(OfferedStream stream, SocketId faulty)
        => stream.Request.SocketId == faulty ? new FaultyOffer(stream, this) : new RelayOffer(stream);

    private RelayBuffer Pass(RelayBuffer buffer)
    {
        switch (Fault)
        {
            case Fault.StageThrows:
                throw new InvalidOperationException("injected: a stage throws");
            case Fault.StageBlocks:
                release.Wait(TimeSpan.FromMinutes(1));
                break;
        }

        return buffer;
    }

    private sealed class FaultyOffer(OfferedStream stream, FaultInjection injection) : IStreamOffer
    {
        private readonly RelayOffer inner = new(stream);

        public uint Id => inner.Id;

        public SocketId SocketId => inner.SocketId;

        public string Client => inner.Client;

        public IPEndPoint ClientAddress => inner.ClientAddress;

        public CancellationToken Abandoned => inner.Abandoned;

        public long BytesMoved => inner.BytesMoved;

        public bool BytesWait => inner.BytesWait;

        public long BytesFromUpstream => inner.BytesFromUpstream;

        public void Accept() => inner.Accept();

        public void Refuse(RefusalCode code, string text) => inner.Refuse(code, text);

        public void End(ResetCode code, string reason) => inner.End(code, reason);

        public Task<StreamOutcome>? Run(Socket upstream, SocketMemory memory, ByteRate rate, IMaterializer materializer)
        {
            var live = stream.Open(memory);
            if (live is not null)
                return RelayGraph.Create(upstream, live, Flow.Create<RelayBuffer>().Select(injection.Pass)).Run(materializer);
            upstream.Dispose();
            return null;
        }
    }
}
