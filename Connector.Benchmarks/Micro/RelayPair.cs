using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Limits;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Stages;
using Connector.Server.Edge.Tunnel;

namespace Connector.Benchmarks.Micro;

/// <summary>Both ends of a link in this process, over loopback TLS lanes, with the streams' real graphs. Nothing of control plane or actors around it.</summary>
internal sealed class RelayPair : IReplicaLinkOwner, IEdgeLinkOwner, IAsyncDisposable
{
    /// <summary>As a replica has by default.</summary>
    private const int SharedLanes = 2;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly SocketId Id = new("7b6cf7bb-3d6c-4c0f-8f3f-3d7a4a52f001");

    private readonly ActorSystem system = ActorSystem.Create("relay", ConfigurationFactory.ParseString("akka.loglevel = WARNING\nakka.stdout-loglevel = WARNING"));
    private readonly TaskCompletionSource<ServeCode> served = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RelayMemory replicaMemory = new(new RelayMemoryOptions());
    private readonly RelayMemory edgeMemory = new(new RelayMemoryOptions());
    private readonly SocketMemory replicaShare;
    private readonly SocketMemory edgeShare;
    private readonly ActorMaterializer materializer;
    private readonly ByteRate rate = new(TimeProvider.System);
    private readonly ReplicaLink replica;
    private readonly EdgeLink edge;
    private Socket? nextUpstream;

    private RelayPair()
    {
        materializer = system.Materializer();
        replicaShare = replicaMemory.ForSocket(Id);
        edgeShare = edgeMemory.ForSocket(Id);
        replica = new ReplicaLink(BootId.New(), replicaMemory, this, TimeProvider.System);
        edge = new EdgeLink(Hello(1), new KeyThumbprint("benchmark"), edgeMemory, this, TimeProvider.System);
    }

    /// <summary>Buffers that streams of either end hold now.</summary>
    public long OutstandingBuffers => replicaMemory.OutstandingBuffers + edgeMemory.OutstandingBuffers;

    /// <summary>Streams that either end has not forgotten.</summary>
    public int LiveStreams => replica.LiveStreams + edge.LiveStreams;

    public static async Task<RelayPair> StartAsync()
    {
        var pair = new RelayPair();
        try
        {
            using var certificate = Certificate();
            for (var lane = 0; lane < SharedLanes; lane++)
            {
                await pair.AddLaneAsync(certificate);
            }

            pair.replica.Serve(Id, 1, UpstreamLamp.Unknown);
            var code = await pair.served.Task.WaitAsync(Deadline);
            return code == ServeCode.Accepted ? pair : throw new InvalidOperationException($"The edge answered SERVE with {code}.");
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>A relayed connection; one at a time. Both ends are the load's, never used asynchronously (that would make blocking calls allocate).</summary>
    public async Task<(Socket Client, Socket Server)> OpenAsync()
    {
        var (upstream, server) = Connected();
        var (client, accepted) = Connected();
        nextUpstream = upstream;
        using var deadline = new CancellationTokenSource(Deadline);
        var outcome = await edge.OpenAsync(new OpenRequest(Id, (IPEndPoint)accepted.RemoteEndPoint!, "", "", ""), edgeShare, deadline.Token);
        if (outcome is not OpenOutcome.Opened opened)
        {
            throw new InvalidOperationException($"Opening a stream failed: {outcome}");
        }

        _ = RelayGraph.Run(materializer, accepted, opened.Stream);
        return (client, server);
    }

    /// <summary>Two ends of a TCP connection on loopback, made with blocking calls.</summary>
    public static (Socket Near, Socket Far) Connected()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.Connect(listener.LocalEndPoint!);
        var far = listener.Accept();
        far.NoDelay = true;
        return (near, far);
    }

    public async ValueTask DisposeAsync()
    {
        await replica.DisposeAsync().AsTask().WaitAsync(Deadline);
        edge.End(GoAwayReason.Shutdown, "the measurement is over");
        await system.Terminate().WaitAsync(Deadline);
    }

    void IReplicaLinkOwner.StreamOffered(OfferedStream stream)
        => ThreadPool.QueueUserWorkItem(
            static offered =>
            {
                var (pair, stream) = offered;
                var upstream = Interlocked.Exchange(ref pair.nextUpstream, null)!;
                stream.Accept();
                if (stream.Open(pair.replicaShare) is { } live)
                {
                    _ = RelayGraph.Run(pair.materializer, upstream, new LimitedStream(live, pair.rate));
                }
                else
                {
                    upstream.Dispose();
                }
            },
            (Pair: this, Stream: stream),
            preferLocal: false);

    void IReplicaLinkOwner.ServeAnswered(SocketId socketId, ServeCode code) => served.TrySetResult(code);

    void IReplicaLinkOwner.GoAwayReceived(GoAwayReason reason, TimeSpan grace)
    {
    }

    void IReplicaLinkOwner.DrainAcknowledged(uint highestOpen)
    {
    }

    void IReplicaLinkOwner.TicketAnswered(bool accepted, string text)
    {
    }

    ServeCode IEdgeLinkOwner.ServeOffered(EdgeLink link, SocketId socketId, long configVersion, UpstreamLamp upstream) => ServeCode.Accepted;

    void IEdgeLinkOwner.ServeWithdrawn(EdgeLink link, SocketId socketId)
    {
    }

    void IEdgeLinkOwner.DrainBegan(EdgeLink link, TimeSpan grace)
    {
    }

    string? IEdgeLinkOwner.TicketRenewed(EdgeLink link, string ticket) => null;

    // A lane that dies in the middle ends the load's connections: its next call throws.
    void IEdgeLinkOwner.LaneLost(EdgeLink link, LaneEnd end)
    {
    }

    void IEdgeLinkOwner.LinkEnded(EdgeLink link, string reason)
    {
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));

        // Windows' TLS does not take a key that lives only in memory.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), password: null);
    }

    private async Task AddLaneAsync(X509Certificate2 certificate)
    {
        var context = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        var (near, far) = Connected();
        LaneSocket.Configure(near, LaneKind.Shared);
        LaneSocket.Configure(far, LaneKind.Shared);
        var client = new SslStream(new NetworkStream(near, ownsSocket: true), leaveInnerStreamOpen: false);
        var server = new SslStream(new NetworkStream(far, ownsSocket: true), leaveInnerStreamOpen: false);
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(LaneTls.OptionsFor(context)),
            client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ApplicationProtocols = [new SslApplicationProtocol(LaneHandshake.ApplicationProtocol)],
                ClientCertificateContext = context,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                RemoteCertificateValidationCallback = (_, presented, _, _) => presented?.GetCertHashString() == certificate.GetCertHashString(),
            })).WaitAsync(Deadline);
        var number = replica.NextLaneNumber();
        if (!edge.TryAttach(Hello(number), server))
        {
            throw new InvalidOperationException($"The edge did not take lane {number}.");
        }

        replica.Attach(number, LaneKind.Shared, client);
    }

    private LaneHello Hello(int lane) => new(1, 1, replica.Id, replica.BootId, lane, LaneKind.Shared, new ReplicaId("replica"), "ticket", []);
}
