using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Connector.Protocol.Tls;
using Connector.Relay.Lanes;

namespace Connector.Actors.Links;

/// <summary>Lanes over TLS, with the replica's own certificate and the edge verified by its pins or by public trust.</summary>
internal sealed class LaneDialer : ILaneDialer
{
    private readonly SslStreamCertificateContext certificate;
    private readonly TimeProvider time;

    /// <param name="certificate">The replica's, with its private key.</param>
    public LaneDialer(X509Certificate2 certificate, TimeProvider time)
    {
        this.certificate = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        this.time = time;
    }

    public async Task<LaneDialOutcome> DialAsync(
        LinkSupervisorProtocol.EdgeAddress edge, LaneHello hello, TimeSpan connectTimeout, CancellationToken cancellationToken)
    {
        var failures = new List<string>();
        foreach (var address in edge.Addresses)
        {
            var tried = await TryAddressAsync(edge, address, hello, connectTimeout, cancellationToken).ConfigureAwait(false);
            if (tried is not LaneDialOutcome.Failed failed)
                return tried;
            failures.Add(failed.Reason);
        }

        return new LaneDialOutcome.Failed(failures.Count == 0 ? $"edge {edge.EdgeId} has no address" : string.Join("; ", failures));
    }

    private async Task<LaneDialOutcome> TryAddressAsync(
        LinkSupervisorProtocol.EdgeAddress edge, string address, LaneHello hello, TimeSpan connectTimeout, CancellationToken cancellationToken)
    {
        if (!TrySplit(address, out var host, out var port))
            return new LaneDialOutcome.Failed($"\"{address}\" is not an address of the form host:port");

        using var deadline = new CancellationTokenSource(connectTimeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        Stream? open = null;
        try
        {
            open = await ConnectAsync(host, port, stop.Token).ConfigureAwait(false);
            var tls = new SslStream(open, leaveInnerStreamOpen: false);
            open = tls;
            var verdict = new TrustVerdict(new ServerTrust(edge.CaPins));
            var options = verdict.Handshake();
            options.TargetHost = host;
            options.ApplicationProtocols = [new SslApplicationProtocol(LaneHandshake.ApplicationProtocol)];
            options.ClientCertificateContext = certificate;
            try
            {
                await tls.AuthenticateAsClientAsync(options, stop.Token).ConfigureAwait(false);
            }
            catch (AuthenticationException e)
            {
                return Fail(verdict.Distrust is null
                    ? $"TLS with edge {address} failed: {e.Message}"
                    : $"edge {address} is not trusted: {verdict.Distrust}");
            }

            if (tls.NegotiatedApplicationProtocol.ToString() != LaneHandshake.ApplicationProtocol)
                return Fail($"{address} does not speak {LaneHandshake.ApplicationProtocol}; is it the edge's tunnel port?");

            var welcome = await LaneHandshake.DialAsync(tls, hello, stop.Token).ConfigureAwait(false);
            var connected = new LaneDialOutcome.Connected(tls, welcome);
            open = null;
            return connected;
        }
        catch (LaneRejectedException e)
        {
            return new LaneDialOutcome.Rejected(e.Code, e.Text, e.RetryAfter);
        }
        catch (LaneProtocolException e)
        {
            return Fail($"edge {address}: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Fail($"edge {address} did not answer within {connectTimeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return Fail($"edge {address} cannot be reached: {e.Message}");
        }
        finally
        {
            if (open is not null)
                await open.DisposeAsync().ConfigureAwait(false);
        }

        static LaneDialOutcome.Failed Fail(string reason) => new(reason);
    }

    private static async Task<Stream> ConnectAsync(string host, int port, CancellationToken stop)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            LaneSocket.Configure(socket);
            await socket.ConnectAsync(host, port, stop).ConfigureAwait(false);
            return new LaneTransport(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>host:port, [IPv6]:port.</summary>
    internal static bool TrySplit(string address, out string host, out int port)
    {
        host = "";
        port = 0;
        var colon = address.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535)
            return false;
        host = address[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
            host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal))
            return false;
        return host.Length > 0;
    }
}
