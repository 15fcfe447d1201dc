using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Connector.Protocol.Discovery;
using Connector.Protocol.Tls;

namespace Connector.Plugins.Network;

/// <summary>
/// Finds out what listens on a port. Listens first: what speaks by itself is known by that or not at all, and is never asked anything. Only who stays silent is
/// asked, the first question on the connection that is open already.
/// </summary>
/// <param name="connect">Opens a further connection to the same port; null when that fails.</param>
internal sealed class ServiceProbe(Func<IPEndPoint, CancellationToken, Task<Socket?>> connect, string? hostName, TimeProvider time)
{
    private const int SshPort = 22;
    private const int MysqlPort = 3306;
    private const byte MysqlProtocol = 10;

    private static readonly TimeSpan BannerLimit = TimeSpan.FromSeconds(1);

    // These look up the name of whoever comes before they greet.
    private static readonly TimeSpan SlowBannerLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(3);

    /// <param name="socket">Connected; disposed here.</param>
    /// <returns>The resource's type; null when it is none of those that are known.</returns>
    public async Task<string?> IdentifyAsync(Socket socket, IPEndPoint at, CancellationToken cancellationToken)
    {
        Stream? open = new NetworkStream(socket, ownsSocket: true);
        try
        {
            var heard = await ListenAsync(open, at.Port is SshPort or MysqlPort ? SlowBannerLimit : BannerLimit, cancellationToken).ConfigureAwait(false);
            if (!heard.IsSilent)
            {
                return heard.Type;
            }

            foreach (var question in Question.For(at.Port))
            {
                open ??= await connect(at, cancellationToken).ConfigureAwait(false) is { } further ? new NetworkStream(further, ownsSocket: true) : null;
                if (open is null)
                {
                    return null;
                }

                var (type, isSaid) = await AskAsync(question, open, at, cancellationToken).ConfigureAwait(false);
                if (type is not null || (isSaid && question.IsLastWord))
                {
                    return type;
                }

                await open.DisposeAsync().ConfigureAwait(false);
                open = null;
            }

            return null;
        }
        finally
        {
            if (open is not null)
            {
                await open.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    // Who hangs up is not silent.
    private async Task<(bool IsSilent, string? Type)> ListenAsync(Stream stream, TimeSpan patience, CancellationToken cancellationToken)
    {
        var buffer = new byte[Banner.Longest];
        var count = 0;
        using var limit = new TimeLimit(patience, time, cancellationToken);
        try
        {
            while (count < buffer.Length)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(count), limit.Token).ConfigureAwait(false);
                if (read == 0)
                {
                    return (false, null);
                }

                count += read;
                if (Banner.TypeOf(buffer.AsSpan(0, count)) is { } type)
                {
                    await LeaveAsync(type, stream, buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                    return (false, type);
                }
            }
        }
        catch (OperationCanceledException) when (limit.IsExceeded)
        {
            return (count == 0, null);
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
        }

        return (false, null);
    }

    private async Task LeaveAsync(string type, Stream stream, ReadOnlyMemory<byte> said, CancellationToken cancellationToken)
    {
        if (type != ResourceTypes.NetworkMysqlServer || said.Span[4] != MysqlProtocol)
        {
            return;
        }

        using var limit = new TimeLimit(LeaveLimit, time, cancellationToken);
        try
        {
            await MysqlLeave.FromAsync(stream, said, limit.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (limit.IsExceeded || failure is IOException or SocketException)
        {
            // What it is was known before.
        }
    }

    private async Task<(string? Type, bool IsSaid)> AskAsync(Question question, Stream stream, IPEndPoint at, CancellationToken cancellationToken)
    {
        using var limit = new TimeLimit(question.Limit, time, cancellationToken);
        try
        {
            return ReferenceEquals(question, Question.Https)
                ? await AskInTlsAsync(stream, at, limit.Token).ConfigureAwait(false)
                : await AskPlainAsync(question, stream, at, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsExceeded)
        {
            return (null, false);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested && IsTheirs(failure))
        {
            return (null, false);
        }
    }

    private async Task<(string? Type, bool IsSaid)> AskPlainAsync(Question question, Stream stream, IPEndPoint at, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(question.Ask(at, hostName), cancellationToken).ConfigureAwait(false);
        var buffer = new byte[Banner.Longest];
        var count = 0;
        try
        {
            // What one read gives is nearly always enough, and a server that keeps the connection open would not end the answer.
            while (count < buffer.Length && await stream.ReadAsync(buffer.AsMemory(count), cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                count += read;
                if (question.TypeOf(buffer.AsSpan(0, count), at.Port) is { } type)
                {
                    return (type, true);
                }
            }
        }
        catch (Exception failure) when (count > 0 && (failure is OperationCanceledException || IsTheirs(failure)))
        {
            // It has said what it had to say.
        }

        return (null, count > 0);
    }

    private async Task<(string? Type, bool IsSaid)> AskInTlsAsync(Stream stream, IPEndPoint at, CancellationToken cancellationToken)
    {
        var first = new FirstBytesStream(stream);
        await using var tls = new SslStream(first, leaveInnerStreamOpen: true);
        try
        {
            await tls.AuthenticateAsClientAsync(Handshake(), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (IsTheirs(failure) && Banner.IsHttp(first.First))
        {
            return (ResourceTypes.NetworkHttpServer, true);
        }

        return tls.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2
            ? (ResourceTypes.NetworkHttpsServer, true)
            : await AskPlainAsync(Question.Https, tls, at, cancellationToken).ConfigureAwait(false);
    }

    private SslClientAuthenticationOptions Handshake() => new()
    {
        // A name that is an address is not sent.
        TargetHost = hostName ?? "",
        ApplicationProtocols = [SslApplicationProtocol.Http11, SslApplicationProtocol.Http2],
#pragma warning disable CA5359 // Only what it speaks is asked; nothing that is said to it is a secret.
        RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        CertificateChainPolicy = OfflineChain.Policy(),
    };

    private static bool IsTheirs(Exception failure)
        => failure is IOException or SocketException or AuthenticationException or InvalidOperationException or NotSupportedException
            or System.ComponentModel.Win32Exception or System.Security.Cryptography.CryptographicException;
}
