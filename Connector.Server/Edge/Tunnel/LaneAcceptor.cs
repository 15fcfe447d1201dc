using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Server.Edge.Accounting;
using Connector.Server.Edge.Links;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Edge.Tunnel;

/// <summary>
/// Brings a fresh connection to a lane of a link: TLS, ALPN, certificate, HELLO, ticket, WELCOME. The same for the tunnel port and the HTTPS
/// port. Whatever fails ends this connection and nothing else.
/// </summary>
internal sealed class LaneAcceptor(EdgeOptions options, LinkTable links, TimeProvider time, ILogger<LaneAcceptor> log) : ILaneAcceptor
{
    private readonly HandshakeGate gate = new(options.Limits, time);

    public async Task AcceptAsync(Stream raw, EndPoint? remote, CancellationToken cancellationToken)
    {
        var observed = new ObservedStream(raw);
        await AcceptAsync(observed, remote, socket: null, cancellationToken).ConfigureAwait(false);

        // The giver closes the connection when this returns, so it must not before the lane is over.
        await observed.Disposed.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await observed.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Completes when the lane runs or the connection is closed.</summary>
    /// <param name="socket">The TCP socket under the stream, for its options; null when it is somebody else's.</param>
    public async Task AcceptAsync(Stream raw, EndPoint? remote, Socket? socket, CancellationToken cancellationToken)
    {
        var address = (remote as IPEndPoint)?.Address ?? IPAddress.None;
        if (!gate.TryEnter(address))
        {
            EdgeMetrics.HandshakeRefused(HandshakeRefusal.TooMany);
            log.LogDebug("lane from {Remote}: closed, too many handshakes from there", remote);
            await raw.DisposeAsync().ConfigureAwait(false);
            return;
        }

        // The first bytes of a handshake may be there already, and its cost must not hold up the caller's next accept.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var tls = new SslStream(raw, leaveInnerStreamOpen: false);
        var kept = false;
        try
        {
            kept = await HandshakeAsync(tls, remote, socket, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Strangers reach this port: what they send is no event for the log.
            if (!tls.IsAuthenticated && !cancellationToken.IsCancellationRequested)
            {
                EdgeMetrics.HandshakeRefused(HandshakeRefusal.Tls);
            }

            log.LogDebug("lane from {Remote}: closed: {Reason}", remote, e.Message);
        }
        catch (Exception e)
        {
            log.LogError(e, "lane from {Remote}: the handshake failed in the edge", remote);
        }
        finally
        {
            gate.Leave(address);
            if (!kept)
            {
                await DisposeAsync(tls).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> HandshakeAsync(SslStream tls, EndPoint? remote, Socket? socket, CancellationToken cancellationToken)
    {
        using (var tlsDeadline = new Deadline(options.Limits.TlsDeadline, time, cancellationToken))
        {
            await tls.AuthenticateAsServerAsync(LaneTls.OptionsFor(options.ServerCertificate()), tlsDeadline.Token).ConfigureAwait(false);
        }

        if (!LaneTls.IsRelay(tls.NegotiatedApplicationProtocol))
        {
            EdgeMetrics.HandshakeRefused(HandshakeRefusal.Protocol);
            log.LogDebug("lane from {Remote}: closed, it did not ask for {Protocol} by ALPN", remote, LaneHandshake.ApplicationProtocol);
            return false;
        }

        if (ThumbprintOf(tls.RemoteCertificate) is not { } thumbprint)
        {
            EdgeMetrics.HandshakeRefused(HandshakeRefusal.Certificate);
            return false;
        }

        var (received, problem) = await ReceiveAsync(tls, cancellationToken).ConfigureAwait(false);

        // Taking the answer is a wait on the peer as well.
        using var deadline = new Deadline(options.Limits.HelloDeadline, time, cancellationToken);
        if (received is not { } hello)
        {
            log.LogInformation("lane from {Remote} with key {Thumbprint}: no good HELLO: {Reason}", remote, thumbprint, problem!.Text);
            await RejectAsync(tls, problem, deadline.Token).ConfigureAwait(false);
            return false;
        }

        var entry = links.Admit(hello, thumbprint);
        if (entry.Link is not { } link)
        {
            log.LogWarning(
                "lane {Lane} of replica {ReplicaId} from {Remote} refused: {Code}: {Reason}",
                hello.LaneNumber, hello.ReplicaId, remote, entry.Refusal!.Code, entry.Refusal.Text);
            await RejectAsync(tls, entry.Refusal, deadline.Token).ConfigureAwait(false);
            return false;
        }

        var attached = false;
        try
        {
            if (socket is not null)
            {
                LaneSocket.Configure(socket, hello.Kind);
            }

            var limits = options.Limits;
            await LaneHandshake.WelcomeAsync(
                tls,
                new LaneWelcome(options.EdgeId, entry.Known, LaneAdmission.ProtocolVersion, limits.LanesPerLink, limits.PendingOpensPerLink),
                deadline.Token).ConfigureAwait(false);

            // The link may have lost its right while WELCOME was on its way.
            attached = links.Contains(link) && link.Link.TryAttach(hello, tls);
        }
        finally
        {
            links.LaneSettled(link, attached);
        }

        if (attached)
        {
            log.LogInformation(
                "lane {Lane} of replica {ReplicaId} of connector {ConnectorId} from {Remote} runs on link {LinkId} ({Known})",
                hello.LaneNumber, hello.ReplicaId, link.ConnectorId, remote, hello.LinkId, entry.Known ? "known" : "new");
        }
        else
        {
            log.LogInformation(
                "lane {Lane} of replica {ReplicaId} from {Remote} was not attached: its number was used before, or the link has ended",
                hello.LaneNumber, hello.ReplicaId, remote);
        }

        return attached;
    }

    private async Task<(LaneHello? Hello, LaneRefusal? Problem)> ReceiveAsync(SslStream tls, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(options.Limits.HelloDeadline, time, cancellationToken);
        try
        {
            return (await LaneHandshake.ReceiveAsync(tls, deadline.Token).ConfigureAwait(false), null);
        }
        catch (LaneProtocolException e)
        {
            return (null, new(RejectCode.Protocol, e.Message));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, new(RejectCode.Timeout, $"no HELLO came within {options.Limits.HelloDeadline.TotalSeconds:0} s"));
        }
    }

    private static KeyThumbprint? ThumbprintOf(X509Certificate? certificate) => certificate switch
    {
        null => null,
        X509Certificate2 full => KeyThumbprint.Of(full),
        _ => KeyThumbprint.Of(new X509Certificate2(certificate)),
    };

    // A courtesy: a replica that does not take it sees the connection end.
    private static async Task RejectAsync(SslStream tls, LaneRefusal refusal, CancellationToken cancellationToken)
    {
        EdgeMetrics.LaneRejected(refusal.Code);
        await LaneHandshake.RejectAsync(tls, refusal.ToException(), cancellationToken).ConfigureAwait(false);
        await tls.ShutdownAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task DisposeAsync(SslStream tls)
    {
        try
        {
            await tls.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The peer closed first.
        }
    }
}
