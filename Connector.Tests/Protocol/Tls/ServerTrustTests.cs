using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Protocol.Tls;
using Xunit;

namespace Connector.Tests.Protocol.Tls;

/// <summary>Each test is a TLS handshake over loopback, so that what is judged is the chain that the platform really hands over.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class ServerTrustTests
{
    private static readonly DateTimeOffset Yesterday = DateTimeOffset.UtcNow.AddDays(-1);
    private static readonly DateTimeOffset Tomorrow = DateTimeOffset.UtcNow.AddDays(1);

    [Fact]
    public async Task Chain_to_the_pinned_ca_is_accepted()
    {
        using var ca = Authority("CA");
        using var leaf = Leaf(ca, "edge.test");

        Assert.Null(await Verdict(leaf, [ca], "edge.test", ServerTrust.PinOf(ca)));
    }

    [Fact]
    public async Task Chain_without_its_root_cannot_be_verified_by_a_pin()
    {
        using var ca = Authority("CA");
        using var leaf = Leaf(ca, "edge.test", enclosed: null);

        Assert.NotNull(await Verdict(leaf, [ca], "edge.test", ServerTrust.PinOf(ca)));
    }

    [Fact]
    public async Task Pinned_intermediate_is_enough()
    {
        using var root = Authority("Root");
        using var intermediate = Authority("Intermediate", root);
        using var leaf = Leaf(intermediate, "edge.test", enclosed: null);

        Assert.Null(await Verdict(leaf, [intermediate], "edge.test", ServerTrust.PinOf(intermediate)));
    }

    [Fact]
    public void Leaf_of_a_namesake_of_the_pinned_intermediate_is_refused()
    {
        using var root = Authority("Root");
        using var intermediate = Authority("Intermediate", root);
        using var impostor = Authority("Intermediate", root);
        using var leaf = Leaf(impostor, "edge.test", enclosed: null);

        Assert.NotNull(Judge(leaf, [intermediate], SslPolicyErrors.RemoteCertificateChainErrors, ServerTrust.PinOf(intermediate)));
        Assert.NotNull(Judge(leaf, [intermediate, impostor], SslPolicyErrors.RemoteCertificateChainErrors, ServerTrust.PinOf(intermediate)));
    }

    [Fact]
    public void Leaf_that_encloses_the_pinned_ca_but_is_not_of_it_is_refused()
    {
        using var ca = Authority("CA");
        using var namesake = Authority("CA");
        using var stranger = Authority("Stranger");
        using var first = Leaf(namesake, "edge.test", enclosed: ca);
        using var second = Leaf(stranger, "edge.test", enclosed: ca);

        Assert.NotNull(Judge(first, [], SslPolicyErrors.RemoteCertificateChainErrors, ServerTrust.PinOf(ca)));
        Assert.NotNull(Judge(second, [stranger], SslPolicyErrors.RemoteCertificateChainErrors, ServerTrust.PinOf(ca)));
    }

    [Fact]
    public async Task Chain_with_an_intermediate_is_accepted()
    {
        using var root = Authority("Root");
        using var intermediate = Authority("Intermediate", root);
        using var leaf = Leaf(intermediate, "edge.test", enclosed: root);

        Assert.Null(await Verdict(leaf, [intermediate, root], "edge.test", ServerTrust.PinOf(root)));
    }

    [Fact]
    public async Task Either_of_two_pins_is_enough_while_the_ca_changes()
    {
        using var old = Authority("Old");
        using var next = Authority("Next");
        using var leaf = Leaf(next, "edge.test");

        Assert.Null(await Verdict(leaf, [next], "edge.test", ServerTrust.PinOf(old), ServerTrust.PinOf(next)));
    }

    [Fact]
    public async Task Chain_to_another_ca_is_refused()
    {
        using var ca = Authority("CA");
        using var impostor = Authority("CA");
        using var leaf = Leaf(impostor, "edge.test");

        Assert.Contains("pins", await Verdict(leaf, [impostor], "edge.test", ServerTrust.PinOf(ca)));
    }

    [Fact]
    public async Task Leaf_of_another_ca_that_presents_the_pinned_ca_beside_it_is_refused()
    {
        using var ca = Authority("CA");
        using var impostor = Authority("Impostor");
        using var leaf = Leaf(impostor, "edge.test");

        Assert.NotNull(await Verdict(leaf, [impostor, ca], "edge.test", ServerTrust.PinOf(ca)));
    }

    [Fact]
    public void Leaf_of_a_namesake_that_presents_the_pinned_ca_is_refused()
    {
        using var ca = Authority("CA");
        using var impostor = Authority("CA");
        using var leaf = Leaf(impostor, "edge.test");

        Assert.NotNull(Judge(leaf, [ca, impostor], SslPolicyErrors.RemoteCertificateChainErrors, ServerTrust.PinOf(ca)));
    }

    [Fact]
    public async Task Expired_certificate_is_refused()
    {
        using var ca = Authority("CA");
        using var leaf = Leaf(ca, "edge.test", expires: DateTimeOffset.UtcNow.AddMinutes(-5));

        Assert.Contains("NotTimeValid", await Verdict(leaf, [ca], "edge.test", ServerTrust.PinOf(ca)));
    }

    [Fact]
    public async Task Certificate_for_another_host_is_refused()
    {
        using var ca = Authority("CA");
        using var leaf = Leaf(ca, "other.test");

        Assert.Contains("name", await Verdict(leaf, [ca], "edge.test", ServerTrust.PinOf(ca)));
    }

    [Fact]
    public async Task Self_signed_certificate_is_refused()
    {
        using var ca = Authority("CA");
        using var own = SelfSigned("edge.test");

        Assert.NotNull(await Verdict(own, [], "edge.test", ServerTrust.PinOf(ca)));
    }

    [Fact]
    public async Task Without_pins_a_private_ca_is_refused_with_a_hint()
    {
        using var ca = Authority("CA");
        using var leaf = Leaf(ca, "edge.test");

        Assert.Contains("pin", await Verdict(leaf, [ca], "edge.test"));
    }

    [Fact]
    public void Missing_certificate_is_refused()
    {
        Assert.False(new ServerTrust([]).Validate(null, null, SslPolicyErrors.None, out var reason));
        Assert.NotNull(reason);
    }

    [Fact]
    public void Certificate_for_clients_only_is_refused()
    {
        using var ca = Authority("CA");
        using var leaf = Leaf(ca, "edge.test", usage: "1.3.6.1.5.5.7.3.2");

        Assert.NotNull(Judge(leaf, [ca], SslPolicyErrors.RemoteCertificateChainErrors, ServerTrust.PinOf(ca)));
    }

    [Theory]
    [InlineData("sha256/", false)]
    [InlineData("sha256/AAAA", false)]
    [InlineData("sha1/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", false)]
    [InlineData("sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", true)]
    public void Pin_is_recognised_by_its_shape(string text, bool expected) => Assert.Equal(expected, ServerTrust.IsPin(text));

    private static string? Judge(X509Certificate2 leaf, X509Certificate2[] others, SslPolicyErrors errors, params string[] pins)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.ExtraStore.AddRange(others);
        var trusted = new ServerTrust([.. pins]).Validate(leaf, chain, errors, out var reason);
        Assert.Equal(trusted, reason is null);
        return reason;
    }

    /// <summary>Null when the client accepted the server, else its reason.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_is_fetched_that_a_servers_certificate_names(bool pinned)
    {
        await using var trap = new IssuerTrap();
        using var ca = Authority("CA");

        Assert.NotNull(await Verdict(trap.Certificate, [], "localhost", pinned ? [ServerTrust.PinOf(ca)] : []));

        Assert.Equal(0, trap.Questions);
    }

    private static async Task<string?> Verdict(X509Certificate2 leaf, X509Certificate2[] others, string host, params string[] pins)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, deadline.Token);
        using var accepted = await listener.AcceptTcpClientAsync(deadline.Token);

        await using var server = new SslStream(accepted.GetStream());
        var serving = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(leaf, [.. others], offline: true),
        }, deadline.Token);

        var verdict = new TrustVerdict(new ServerTrust([.. pins]));
        await using var secured = new SslStream(client.GetStream());
        var options = verdict.Handshake();
        options.TargetHost = host;
        var failure = await Record.ExceptionAsync(() => secured.AuthenticateAsClientAsync(options, deadline.Token));
        client.Close();
        await Record.ExceptionAsync(() => serving);
        if (verdict.Distrust is null)
            Assert.Null(failure);
        else
            Assert.IsType<AuthenticationException>(failure);
        return verdict.Distrust;
    }

    private static X509Certificate2 Authority(string name, X509Certificate2? issuer = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return issuer is null
            ? request.CreateSelfSigned(Yesterday, Tomorrow)
            : request.Create(issuer, Yesterday, issuer.NotAfter, Serial()).CopyWithPrivateKey(key);
    }

    private static X509Certificate2 Leaf(
        X509Certificate2 issuer, string host, DateTimeOffset? expires = null, string usage = "1.3.6.1.5.5.7.3.1")
        => Leaf(issuer, host, issuer, expires, usage);

    private static X509Certificate2 Leaf(
        X509Certificate2 issuer, string host, X509Certificate2? enclosed, DateTimeOffset? expires = null, string usage = "1.3.6.1.5.5.7.3.1")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(key, host, usage);
        if (enclosed is not null)
        {
            request.CertificateExtensions.Add(EnclosedAuthority.Extension(enclosed));
        }

        using var certificate = request.Create(issuer, Yesterday, expires ?? issuer.NotAfter, Serial());
        using var withKey = certificate.CopyWithPrivateKey(key);
        return Reimport(withKey);
    }

    private static X509Certificate2 SelfSigned(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Request(key, host, "1.3.6.1.5.5.7.3.1").CreateSelfSigned(Yesterday, Tomorrow);
        return Reimport(certificate);
    }

    private static CertificateRequest Request(ECDsa key, string host, string usage)
    {
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        return request;
    }

    private static byte[] Serial() => RandomNumberGenerator.GetBytes(8);

    private static X509Certificate2 Reimport(X509Certificate2 certificate)
        => X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
}
