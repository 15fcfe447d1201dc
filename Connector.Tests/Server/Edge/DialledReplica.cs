using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Stages;
using Connector.Relay.Streams;
using Connector.Tests.Relay;

namespace Connector.Tests.Server.Edge;

/// <summary>A replica made of the relay alone: it dials an edge, serves sockets, and dials upstreams for them.</summary>
internal sealed class DialledReplica : IReplicaLinkOwner, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly X509Certificate2 certificate = LaneCertificates.Create("replica");
    private readonly ConcurrentDictionary<SocketId, IPEndPoint> upstreams = new();
    private readonly ConcurrentDictionary<SocketId, TaskCompletionSource<ServeCode>> answers = new();
    private readonly RelayMemory memory = new(new RelayMemoryOptions());
    private readonly IMaterializer materializer;
    private readonly ConcurrentBag<Socket> sockets = [];
    private int opened;

    public DialledReplica(string name, IMaterializer materializer)
    {
        Id = new ReplicaId(name);
        this.materializer = materializer;
        Link = new ReplicaLink(BootId.New(), memory, this, AwakeTime.Instance);
    }

    public ReplicaId Id { get; }

    public ReplicaLink Link { get; }

    public KeyThumbprint Thumbprint => KeyThumbprint.Of(certificate);

    /// <summary>Streams that were offered to it.</summary>
    public int Offers => Volatile.Read(ref opened);

    /// <summary>Streams that were opened here.</summary>
    public ConcurrentQueue<RelayStream> Streams { get; } = new();

    public TaskCompletionSource<GoAwayReason> SentAway { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<uint> DrainAnswer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TicketClaims Claims(string ticketId, ConnectorId connector)
        => new(ticketId, connector, "org", Id, Thumbprint, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(1));

    public async Task<LaneWelcome> DialAsync(IPEndPoint tunnel, X509Certificate2 server, string ticket)
    {
        var number = Link.NextLaneNumber();
        var raw = await LaneDialer.ConnectAsync(tunnel);
        sockets.Add(raw.Socket);
        var tls = await LaneDialer.SecureAsync(raw, certificate, server);
        var hello = new LaneHello(1, 1, Link.Id, Link.BootId, number, LaneKind.Shared, Id, ticket, []);
        var welcome = await LaneHandshake.DialAsync(tls, hello, CancellationToken.None);
        Link.Attach(number, LaneKind.Shared, tls);
        return welcome;
    }

    public Task<ServeCode> ServeAsync(SocketId socketId, IPEndPoint upstream)
    {
        upstreams[socketId] = upstream;
        var answer = answers[socketId] = new TaskCompletionSource<ServeCode>(TaskCreationOptions.RunContinuationsAsynchronously);
        Link.Serve(socketId, 1, UpstreamLamp.Unknown);
        return answer.Task.WaitAsync(Patience);
    }

    /// <summary>Its connections are reset, as the system does for a process that was killed.</summary>
    public void Kill()
    {
        foreach (var socket in sockets)
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }
    }

    public void StreamOffered(OfferedStream stream)
    {
        Interlocked.Increment(ref opened);
        stream.Accept();
        _ = Task.Run(() => DialUpstreamAsync(stream));
    }

    public void ServeAnswered(SocketId socketId, ServeCode code)
    {
        if (answers.TryGetValue(socketId, out var answer))
        {
            answer.TrySetResult(code);
        }
    }

    public void GoAwayReceived(GoAwayReason reason, TimeSpan grace) => SentAway.TrySetResult(reason);

    public void DrainAcknowledged(uint highestOpen) => DrainAnswer.TrySetResult(highestOpen);

    public void TicketAnswered(bool accepted, string text)
    {
    }

    public async ValueTask DisposeAsync()
    {
        await Link.DisposeAsync().AsTask().WaitAsync(Patience);
        certificate.Dispose();
    }

    private async Task DialUpstreamAsync(OfferedStream stream)
    {
        var upstream = upstreams[stream.Request.SocketId];
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(upstream, stream.Abandoned);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            stream.Refuse(RefusalCode.UpstreamRefused, $"upstream {upstream}: {e.Message}");
            return;
        }

        if (stream.Open(memory.ForSocket(stream.Request.SocketId)) is { } live)
        {
            Streams.Enqueue(live);
            await RelayGraph.Run(materializer, socket, live);
        }
        else
        {
            socket.Dispose();
        }
    }
}
