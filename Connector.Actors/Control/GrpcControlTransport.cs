using System.Buffers.Text;
using Connector.Actors.Group;
using Connector.Protocol;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Tls;
using Grpc.Core;
using Grpc.Net.Client;

namespace Connector.Actors.Control;

/// <summary>
/// Control streams over gRPC. Each attempt has a connection of its own: nothing of a dead one, neither its address nor its TLS session,
/// reaches into the next, and the waiting between attempts is the actor's alone.
/// </summary>
public sealed class GrpcControlTransport : IControlTransport, IGroupVerdicts
{
    public const string Features = "hello,hello_ack,challenge,logs,logs_ack,socket_status,plugin_status,tickets,edges,config_version,discovery";

    // Init carries the whole configuration; the default of 4 MiB would end a large connector for good.
    private const int LargestMessage = 32 * 1024 * 1024;
    private const int LongestNonce = 256;

    private readonly GrpcControlTransportSettings settings;
    private readonly ReplicaKey? key;
    private readonly TimeProvider time;

    /// <param name="key">Signs questions about the group; without it none can be asked.</param>
    public GrpcControlTransport(GrpcControlTransportSettings settings, TimeProvider time, ReplicaKey? key = null)
    {
        this.key = key;
        if (settings.Server.Scheme != Uri.UriSchemeHttps)
            throw new ArgumentException($"the control plane's address {settings.Server} is not https; use an address that begins with https://");
        this.settings = settings;
        this.time = time;
    }

    public async Task<IControlConnection> OpenAsync(int attempt, CancellationToken cancellationToken)
    {
        var tls = new TrustVerdict(settings.Trust);
        var connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var channel = GrpcChannel.ForAddress(settings.Server, new GrpcChannelOptions
        {
            HttpHandler = CreateHandler(tls, connected),
            DisposeHttpClient = true,
            // Not ThrowOperationCanceledOnCancellation: it would turn the server's CANCELLED "connector deleted" into a cancellation without a text.
            MaxReceiveMessageSize = LargestMessage,
        });
        AsyncDuplexStreamingCall<ControlStreamRequest, ControlStreamResponse>? call = null;
        try
        {
            call = new ConnectorService.ConnectorServiceClient(channel).ControlStream(Headers(), cancellationToken: cancellationToken);
            var headers = await HeadersAsync(call.ResponseHeadersAsync, connected.Task, cancellationToken).ConfigureAwait(false);
            return new GrpcControlConnection(channel, call, ReadNonce(headers), settings.WriteDeadline, time);
        }
        catch (Exception e)
        {
            call?.Dispose();
            channel.Dispose();
            throw Explain(e, tls);
        }
    }

    /// <summary>Asked on a connection of its own: the control session's may be the one that died.</summary>
    public async Task<GroupVerdict> AskAsync(GroupQuestionBody question, CancellationToken cancellationToken)
    {
        var tls = new TrustVerdict(settings.Trust);
        using var channel = GrpcChannel.ForAddress(settings.Server, new GrpcChannelOptions
        {
            HttpHandler = CreateHandler(tls, new TaskCompletionSource()),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = LargestMessage,
        });
        try
        {
            return await new ConnectorService.ConnectorServiceClient(channel)
                .AskGroupVerdictAsync((key ?? throw new InvalidOperationException("a transport without a key cannot ask about a group")).Sign(question), Headers(), cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw Explain(e, tls);
        }
    }

    private SocketsHttpHandler CreateHandler(TrustVerdict tls, TaskCompletionSource connected) => new()
    {
        ConnectTimeout = settings.ConnectDeadline,
        KeepAlivePingDelay = settings.KeepAliveDelay,
        KeepAlivePingTimeout = settings.KeepAliveTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        SslOptions = tls.Handshake(),

        // Called when the connection, TLS included, stands: the clock of the headers starts here.
        PlaintextStreamFilter = (context, _) =>
        {
            connected.TrySetResult();
            return ValueTask.FromResult(context.PlaintextStream);
        },
    };

    private Metadata Headers()
    {
        var headers = new Metadata { { "token", ReadToken().Reveal() }, { "x-connector-features", Features } };
        if (settings.ConnectorId is { } connectorId)
            headers.Add("connector_id", connectorId.Value);
        return headers;
    }

    // Read for each attempt, so that a token that was rotated in its file is used without a restart.
    private Secret ReadToken()
    {
        try
        {
            return settings.Token();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or InvalidOperationException)
        {
            throw new ControlTransportException(
                new ControlFailure(ControlFailureKind.Unauthenticated, $"the connector token could not be read: {e.Message}"), e);
        }
    }

    private async Task<Metadata> HeadersAsync(Task<Metadata> headers, Task connected, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAny(headers, connected).WaitAsync(settings.ConnectDeadline, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw TooLate($"{settings.Server} was not reached within {settings.ConnectDeadline.TotalSeconds:0.#} s", e);
        }

        try
        {
            return await headers.WaitAsync(settings.HeadersDeadline, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw TooLate($"{settings.Server} is connected but did not answer within {settings.HeadersDeadline.TotalSeconds:0.#} s", e);
        }
    }

    private static ControlTransportException TooLate(string reason, Exception inner)
        => new(new ControlFailure(ControlFailureKind.Unreachable, reason), inner);

    private ControlTransportException Explain(Exception exception, TrustVerdict tls)
        => exception switch
        {
            ControlTransportException e => e,
            _ when tls.Distrust is { } reason => new ControlTransportException(
                new ControlFailure(
                    ControlFailureKind.Unreachable,
                    $"the certificate of {settings.Server} is not trusted: {reason}; check the address, or use a token made by this server"),
                exception),
            RpcException e when e.StatusCode is not (StatusCode.Unavailable or StatusCode.Internal) => GrpcControlConnection.Explain(e),
            RpcException e => new ControlTransportException(
                new ControlFailure(ControlFailureKind.Unreachable, $"{settings.Server} could not be reached: {Root(e)}"), e),
            _ => new ControlTransportException(
                new ControlFailure(ControlFailureKind.Unreachable, $"{settings.Server} could not be reached: {Root(exception)}"), exception),
        };

    private static string Root(Exception exception)
    {
        var root = exception is RpcException { Status.DebugException: { } cause } ? cause : exception;
        while (root.InnerException is { } inner)
            root = inner;
        return root is RpcException rpc ? rpc.Status.Detail : root.Message;
    }

    // Base64url. Absent: a server that knows the public client only.
    private static byte[] ReadNonce(Metadata headers)
    {
        var text = headers.GetValue("x-connector-nonce");
        if (string.IsNullOrEmpty(text))
            return [];
        if (text.Length <= LongestNonce && Base64Url.IsValid(text))
            return Base64Url.DecodeFromChars(text);
        throw new ControlTransportException(
            new ControlFailure(ControlFailureKind.Ended, "the control plane's header x-connector-nonce is not base64url; is a proxy changing it?"));
    }
}
