using System.Security.Cryptography.X509Certificates;
using System.Text;
using Connector.Actors.Group;
using Connector.Tests.Host.Configuration;
using Connector.Tests.Server.Hosting;
using Hyperion;
using Xunit;

namespace Connector.Tests.Actors.Group;

/// <summary>The remoting port of a real group system, and people there who are no replicas.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class HostileRemotingTests : IDisposable
{
    private const int JsonSerializer = 1;
    private const int DaemonSerializer = 3;
    private const int GroupSerializer = 4100;
    private const int NoSerializer = 99_999;

    // Of 24 GiB that are announced. Other tests run beside these.
    private const long MostMemory = 8L * 1024 * 1024 * 1024;
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(10);

    private readonly GroupCertificates certificates = new();
    private readonly GroupCertificates others = new();
    private readonly List<X509Certificate2> loaded = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_that_are_no_remoting_end_their_connection_and_nothing_else(bool tls)
    {
        await using var node = await StartAsync(tls);
        await IsWellAsync(node, tls);
        var random = new Random(1);
        for (var i = 0; i < 40; i++)
        {
            var bytes = new byte[random.Next(16, 4096)];
            random.NextBytes(bytes);
            using var peer = await HostilePeer.ConnectAsync(node.Address, Cancellation);
            await peer.SendAsync(bytes, Cancellation);
            await peer.EndsAsync(Cancellation);
        }

        // In a frame, behind the encryption where there is one; and one that says nothing at all.
        using var framed = await ConnectAsync(node, tls);
        await framed.SendFrameAsync([.. Enumerable.Repeat((byte)0xFF, 100)], Cancellation);
        await framed.EndsAsync(Cancellation);
        using var silent = await HostilePeer.ConnectAsync(node.Address, Cancellation);
        await silent.EndsAsync(Cancellation);
        await IsWellAsync(node, tls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Frames_that_announce_too_much_end_their_connection_and_take_no_memory(bool tls)
    {
        await using var node = await StartAsync(tls);
        await IsWellAsync(node, tls);
        var before = GC.GetTotalAllocatedBytes();
        foreach (var announced in (int[])[int.MaxValue, 1024 * 1024 * 1024, 5 * 1024 * 1024, -1, int.MinValue])
        {
            for (var i = 0; i < 8; i++)
            {
                using var peer = await ConnectAsync(node, tls);
                await peer.SendFrameAsync(new byte[1024], Cancellation, announced);
                await peer.EndsAsync(Cancellation);
            }
        }

        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, MostMemory);
        await IsWellAsync(node, tls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Payloads_that_name_types_make_nothing_even_of_a_node_that_speaks_the_protocol(bool tls)
    {
        await using var node = await StartAsync(tls);
        await IsWellAsync(node, tls);
        var type = typeof(Witness).AssemblyQualifiedName!;
        var json = Encoding.UTF8.GetBytes($$"""{"$type":"{{type}}","Name":"x"}""");
        var daemon = HostilePeer.Message(
            HostilePeer.Field(1, HostilePeer.Message(HostilePeer.Field(3, type), HostilePeer.Field(4, json), HostilePeer.Field(5, type), HostilePeer.Field(6, JsonSerializer), HostilePeer.Field(7, 1))),
            HostilePeer.Field(3, "/remote/evil"), HostilePeer.Field(4, HostilePeer.Message(HostilePeer.Field(1, $"{node.Address}/remote"))));
        (string Path, int Serializer, byte[] Payload, string Manifest)[] attacks =
        [
            ("/user/door", JsonSerializer, json, type),
            ("/user/door", JsonSerializer, json, ""),
            ("/user/door", GroupSerializer, Gadget(new Witness()), ""),
            ("/user/door", GroupSerializer, Gadget(new List<object> { new Witness() }), type),
            ("/user/door", GroupSerializer, Gadget(new FileInfo("/tmp/x")), ""),
            ("/system/cluster/core/daemon", JsonSerializer, json, type),
            ("/remote", DaemonSerializer, daemon, ""),
            ("/user/door", NoSerializer, json, type),
        ];
        Witness.Made = 0;
        foreach (var attack in attacks)
        {
            using var peer = await ConnectAsync(node, tls);
            await peer.AssociateAsync(Cancellation);
            await peer.SendMessageAsync(attack.Path, attack.Serializer, attack.Payload, attack.Manifest, Cancellation);

            // Behind it on the same connection: when this is answered, or the connection has ended, that was dealt with.
            await peer.SendMessageAsync("/user/door", GroupSerializer, node.Serialize(Knock(77)), "", Cancellation);
            await IsOverAsync(node, peer, 77);
        }

        Assert.Equal(0, Witness.Made);
        await IsWellAsync(node, tls);
    }

    [Fact]
    public async Task Replica_with_a_certificate_of_the_group_joins_it()
    {
        await using var node = await StartAsync(tls: true);
        await using var other = await StartAsync(tls: true, node);
        await Eventually.IsTrueAsync(() => node.Members == 2 && other.Members == 2, "both are members", Cancellation);
    }

    [Fact]
    public async Task Peer_without_a_certificate_of_the_group_is_dropped_and_the_log_says_why_once()
    {
        await using var node = await StartAsync(tls: true);
        foreach (var (certificate, reason, remedy) in ((X509Certificate2, string, string)[])
        [
            (Load(others.Replica()), "is not signed by the CA of this group", "cluster.tls.ca"),
            (Load(certificates.Replica(DateTimeOffset.UtcNow.AddDays(-9), DateTimeOffset.UtcNow.AddDays(-2))), "expired at", "make a new one"),
            (Load(certificates.Replica(DateTimeOffset.UtcNow.AddDays(2), DateTimeOffset.UtcNow.AddDays(9))), "is valid only from", "correct the clocks"),
        ])
        {
            for (var i = 0; i < 3; i++)
            {
                using var peer = await HostilePeer.ConnectAsync(node.Address, Cancellation);
                try
                {
                    await peer.StartTlsAsync(certificate, Cancellation);
                    await peer.AssociateAsync(Cancellation);
                    Assert.Fail($"a peer whose certificate {reason} was let in");
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // Dropped, in the handshake or behind it.
                }
            }

            await Eventually.IsTrueAsync(
                () => node.Log.Any(line => line.Contains(reason, StringComparison.Ordinal) && line.Contains(remedy, StringComparison.Ordinal)), $"the log says \"{reason}\" and \"{remedy}\"", Cancellation);
            Assert.Single(node.Log, line => line.Contains(reason, StringComparison.Ordinal));
        }

        // Akka's own words.
        using var bare = await HostilePeer.ConnectAsync(node.Address, Cancellation);
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await bare.StartTlsAsync(null, Cancellation);
            await bare.AssociateAsync(Cancellation);
        });
        await Eventually.IsTrueAsync(() => node.Log.Any(line => line.Contains("client did not provide a certificate", StringComparison.Ordinal)), "the log says that there was none", Cancellation);
        await IsWellAsync(node, tls: true);
    }

    public void Dispose()
    {
        loaded.ForEach(certificate => certificate.Dispose());
        certificates.Dispose();
        others.Dispose();
    }

    private static GroupProtocol.Knock Knock(long round)
        => new(round, ControlPlaneFixture.ConnectorId.Value, GroupIdentity.ProtocolVersion, "replica-2", Guid.NewGuid(), DateTimeOffset.UtcNow);

    private static byte[] Gadget(object payload)
    {
        using var stream = new MemoryStream();
        new Hyperion.Serializer(SerializerOptions.Default.WithDisallowUnsafeType(false)).Serialize(payload, stream);
        return stream.ToArray();
    }

    private static async Task IsOverAsync(LoneGroup node, HostilePeer peer, long round)
    {
        try
        {
            Assert.Equal(round, Assert.IsType<GroupProtocol.KnockAnswered>(node.Deserialize(await peer.ReceiveMessageAsync(Cancellation))).Round);
        }
        catch (IOException)
        {
            // Ended.
        }
    }

    /// <summary>It is a member, and an honest replica at the door is let in.</summary>
    private async Task IsWellAsync(LoneGroup node, bool tls)
    {
        Assert.True(node.IsMember, string.Join('\n', node.Log));
        using var peer = await ConnectAsync(node, tls);
        await peer.AssociateAsync(Cancellation);
        await peer.SendMessageAsync("/user/door", GroupSerializer, node.Serialize(Knock(5)), "", Cancellation);
        var answer = Assert.IsType<GroupProtocol.KnockAnswered>(node.Deserialize(await peer.ReceiveMessageAsync(Cancellation)));
        Assert.Equal((5, true, ""), (answer.Round, answer.InGroup, answer.Refusal));
    }

    private async Task<HostilePeer> ConnectAsync(LoneGroup node, bool tls)
    {
        var peer = await HostilePeer.ConnectAsync(node.Address, Cancellation);
        if (tls)
        {
            await peer.StartTlsAsync(Load(certificates.Replica()), Cancellation);
        }

        return peer;
    }

    private Task<LoneGroup> StartAsync(bool tls, LoneGroup? peer = null)
        => LoneGroup.StartAsync(tls ? new GroupTls(Load(certificates.Replica()), Load(certificates.AuthorityPem)) : null, Handshake, Cancellation, peer);

    private X509Certificate2 Load((string Certificate, string Key) pem)
    {
        using var paired = X509Certificate2.CreateFromPem(pem.Certificate, pem.Key);
        return Keep(X509CertificateLoader.LoadPkcs12(paired.Export(X509ContentType.Pfx), password: null));
    }

    private X509Certificate2 Load(string pem) => Keep(X509Certificate2.CreateFromPem(pem));

    private X509Certificate2 Keep(X509Certificate2 certificate)
    {
        loaded.Add(certificate);
        return certificate;
    }

    /// <summary>Says whether a deserializer made one.</summary>
    public sealed class Witness
    {
        public Witness() => Made++;

        public static int Made { get; set; }

        public string Name { get; set; } = "witness";
    }
}
