using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Actors.Links;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Tests.Processes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Actors.Links;

/// <summary>Against listeners on loopback that behave like an edge, or do not.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class LaneDialerTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly X509Certificate2 replica = SelfSigned("replica");
    private readonly Authority authority = new();
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public LaneDialerTests() => listener.Start();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string Address => $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    [Fact]
    public async Task Welcomed_lane_is_TLS_with_the_replicas_certificate()
    {
        var served = AcceptAsync(
            authority.Leaf,
            async (tls, hello) => await LaneHandshake.WelcomeAsync(tls, new LaneWelcome(new EdgeId("edge"), false, 1, 8, 64), Cancelled));

        var outcome = await DialAsync(authority.Pin, Address);

        var connected = Assert.IsType<LaneDialOutcome.Connected>(outcome);
        await using var stream = connected.Stream;
        Assert.Equal("edge", connected.Welcome.EdgeId.Value);
        var (thumbprint, hello) = await served.WaitAsync(Patience);
        Assert.Equal(KeyThumbprint.Of(replica), thumbprint);
        Assert.Equal(("ticket", 7), (hello.Ticket, hello.LaneNumber));
    }

    [Fact]
    public async Task Rejection_comes_with_code_text_and_wait()
    {
        _ = AcceptAsync(
            authority.Leaf,
            async (tls, _) => await LaneHandshake.RejectAsync(tls, new LaneRejectedException(RejectCode.Ticket, "expired", TimeSpan.FromSeconds(9)), Cancelled));

        var rejected = Assert.IsType<LaneDialOutcome.Rejected>(await DialAsync(authority.Pin, Address));

        Assert.Equal(new LaneDialOutcome.Rejected(RejectCode.Ticket, "expired", TimeSpan.FromSeconds(9)), rejected);
    }

    [Fact]
    public async Task Edge_of_another_authority_is_not_trusted()
    {
        using var stranger = new Authority();
        _ = AcceptAsync(stranger.Leaf, (_, _) => Task.CompletedTask);

        var failed = Assert.IsType<LaneDialOutcome.Failed>(await DialAsync(authority.Pin, Address));

        Assert.Contains("not trusted", failed.Reason, StringComparison.Ordinal);
        Assert.Contains(Address, failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Second_address_is_tried_when_the_first_refuses()
    {
        var port = FreePorts.Take();
        _ = AcceptAsync(
            authority.Leaf,
            async (tls, hello) => await LaneHandshake.WelcomeAsync(tls, new LaneWelcome(new EdgeId("edge"), false, 1, 8, 64), Cancelled));

        var outcome = await DialAsync(authority.Pin, $"127.0.0.1:{port}", Address);

        Assert.True(outcome is LaneDialOutcome.Connected, $"{outcome}");
        await ((LaneDialOutcome.Connected)outcome).Stream.DisposeAsync();
    }

    [Fact]
    public async Task Every_failed_address_is_named()
    {
        listener.Stop();

        var failed = Assert.IsType<LaneDialOutcome.Failed>(await DialAsync(authority.Pin, Address, "nonsense"));

        Assert.Contains(Address, failed.Reason, StringComparison.Ordinal);
        Assert.Contains("nonsense", failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Something_that_is_not_TLS_fails_with_its_address()
    {
        var answered = Task.Run(
            async () =>
            {
                using var socket = await listener.AcceptSocketAsync(Cancelled);
                await socket.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
                socket.Shutdown(SocketShutdown.Send);
                await socket.ReceiveAsync(new byte[4096]);
            },
            Cancelled);

        var failed = Assert.IsType<LaneDialOutcome.Failed>(await DialAsync(authority.Pin, Address));

        Assert.Contains(Address, failed.Reason, StringComparison.Ordinal);
        await answered.WaitAsync(Patience);
    }

    [Fact]
    public async Task Silent_address_fails_at_the_deadline()
    {
        var time = new FakeTimeProvider();
        var accepting = listener.AcceptSocketAsync(Cancelled);

        var dial = DialAsync(authority.Pin, time, Address);
        using var silent = await accepting;
        while (!dial.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Contains("did not answer", Assert.IsType<LaneDialOutcome.Failed>(await dial).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelled_dial_throws()
    {
        using var cancel = new CancellationTokenSource();
        var accepting = listener.AcceptSocketAsync(Cancelled);
        var dial = new LaneDialer(replica, TimeProvider.System).DialAsync(Edge(authority.Pin, Address), Hello(), LaneSettings.Default.ConnectTimeout, cancel.Token);
        using var silent = await accepting;

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dial);
    }

    public void Dispose()
    {
        listener.Dispose();
        replica.Dispose();
        authority.Dispose();
    }

    private Task<LaneDialOutcome> DialAsync(string pin, params string[] addresses) => DialAsync(pin, TimeProvider.System, addresses);

    private Task<LaneDialOutcome> DialAsync(string pin, TimeProvider time, params string[] addresses)
        => new LaneDialer(replica, time).DialAsync(Edge(pin, addresses), Hello(), LaneSettings.Default.ConnectTimeout, Cancelled).WaitAsync(Patience, Cancelled);

    private static LinkSupervisorProtocol.EdgeAddress Edge(string pin, params string[] addresses) => new(new EdgeId("edge"), [.. addresses], [pin]);

    private static LaneHello Hello() => new(1, 1, LinkId.New(), BootId.New(), 7, LaneKind.Shared, new ReplicaId("replica"), "ticket", []);

    private async Task<(KeyThumbprint Client, LaneHello Hello)> AcceptAsync(SslStreamCertificateContext certificate, Func<SslStream, LaneHello, Task> answer)
    {
        var socket = await listener.AcceptSocketAsync(Cancelled);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate,
                ApplicationProtocols = [new SslApplicationProtocol(LaneHandshake.ApplicationProtocol)],
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, presented, _, _) => presented is not null,
            },
            Cancelled);
        var hello = await LaneHandshake.ReceiveAsync(tls, Cancelled);
        await answer(tls, hello);
        using var client = X509CertificateLoader.LoadCertificate(tls.RemoteCertificate!.GetRawCertData());
        return (KeyThumbprint.Of(client), hello);
    }

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Usable(new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1)));
    }

    // Windows' TLS needs the key in a store; through PFX it is everywhere the same.
    private static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        using (certificate)
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }

    /// <summary>Root, a pinned intermediate that is sent with the leaf, and the leaf for 127.0.0.1.</summary>
    private sealed class Authority : IDisposable
    {
        private readonly ECDsa intermediateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 intermediate;
        private readonly X509Certificate2 leaf;

        public Authority()
        {
            var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var root = Request("Root", rootKey, ca: true).CreateSelfSigned(from, to);
            using var signed = Request("Intermediate", intermediateKey, ca: true).Create(root, from, to, [1]);
            intermediate = X509CertificateLoader.LoadCertificate(signed.RawData);
            using var issuer = intermediate.CopyWithPrivateKey(intermediateKey);

            using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = Request("edge", leafKey, ca: false);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
            using var issued = request.Create(issuer, from, to, [2]);
            leaf = Usable(issued.CopyWithPrivateKey(leafKey));
            Leaf = SslStreamCertificateContext.Create(leaf, [intermediate], offline: true);
        }

        public SslStreamCertificateContext Leaf { get; }

        public string Pin => "sha256/" + Convert.ToBase64String(SHA256.HashData(intermediate.PublicKey.ExportSubjectPublicKeyInfo()));

        public void Dispose()
        {
            leaf.Dispose();
            intermediate.Dispose();
            intermediateKey.Dispose();
        }

        private static CertificateRequest Request(string name, ECDsa key, bool ca)
        {
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(ca, hasPathLengthConstraint: false, 0, critical: true));
            if (ca)
                request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
            return request;
        }
    }
}
