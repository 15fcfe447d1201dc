using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Tls;
using Connector.Server.Feed.Wire;
using Grpc.Core;
using Grpc.Net.Client;

namespace Connector.Server.Feed.Following;

/// <summary>One stream to the control plane, on a connection of its own: nothing of a dead one reaches into the next. Disposing aborts it.</summary>
internal sealed class FeedStream : IDisposable
{
    private readonly GrpcChannel channel;
    private readonly AsyncDuplexStreamingCall<EdgeMessage, FeedMessage> call;
    private readonly TimeProvider time;

    private FeedStream(GrpcChannel channel, AsyncDuplexStreamingCall<EdgeMessage, FeedMessage> call, TimeProvider time)
        => (this.channel, this.call, this.time) = (channel, call, time);

    /// <summary>Completes when the control plane has answered: the credential is looked at after that.</summary>
    /// <exception cref="FeedFailedException">It was not reached, or not in time, or is not trusted, or refuses.</exception>
    public static async Task<FeedStream> OpenAsync(RemoteFeedOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var verdict = new TrustVerdict(options.Trust);
        var connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var channel = GrpcChannel.ForAddress(options.Server, new GrpcChannelOptions
        {
            HttpHandler = Handler(options, verdict, connected),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = FeedBounds.MaxMessageSize,
            MaxSendMessageSize = FeedBounds.MaxMessageSize,
        });
        AsyncDuplexStreamingCall<EdgeMessage, FeedMessage>? call = null;
        try
        {
            call = new EdgeService.EdgeServiceClient(channel).Follow(new Metadata { { "token", options.Credential.Reveal() } }, cancellationToken: cancellationToken);
            await AnsweredAsync(call.ResponseHeadersAsync, connected.Task, options, time, cancellationToken).ConfigureAwait(false);
            return new FeedStream(channel, call, time);
        }
        catch (Exception exception)
        {
            call?.Dispose();
            channel.Dispose();
            throw cancellationToken.IsCancellationRequested && exception is not FeedFailedException ? exception : Explain(exception, options.Server, verdict);
        }
    }

    /// <summary>The next message; null at a clean end.</summary>
    /// <exception cref="FeedFailedException">The stream ended with a status, or was cut.</exception>
    public async Task<FeedMessage?> ReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false) ? call.ResponseStream.Current : null;
        }
        catch (RpcException exception)
        {
            throw new FeedFailedException(FeedFailure.FromStatus(exception), exception);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or ObjectDisposedException)
        {
            throw new FeedFailedException(new FeedFailure(FeedFailureKind.Ended, $"the feed's connection broke: {exception.Message}"), exception);
        }
    }

    /// <summary>One at a time.</summary>
    /// <exception cref="FeedFailedException">The control plane does not read, or the stream has ended.</exception>
    public async Task SendAsync(EdgeMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await call.RequestStream.WriteAsync(message, cancellationToken).WaitAsync(FeedBounds.WriteDeadline, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw new FeedFailedException(
                new FeedFailure(FeedFailureKind.Ended, $"the control plane did not read within {FeedBounds.WriteDeadline.TotalSeconds:0} s"), exception);
        }
        catch (RpcException exception)
        {
            throw new FeedFailedException(FeedFailure.FromStatus(exception), exception);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or ObjectDisposedException)
        {
            throw new FeedFailedException(new FeedFailure(FeedFailureKind.Ended, $"the feed's connection broke: {exception.Message}"), exception);
        }
    }

    public void Dispose()
    {
        call.Dispose();
        channel.Dispose();
    }

    private static SocketsHttpHandler Handler(RemoteFeedOptions options, TrustVerdict verdict, TaskCompletionSource connected) => new()
    {
        ConnectTimeout = options.ConnectDeadline,
        KeepAlivePingDelay = FeedBounds.DeadAfter,
        KeepAlivePingTimeout = FeedBounds.DeadAfter,
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        SslOptions = verdict.Handshake(),

        // Called when the connection, TLS included, stands: the clock of the answer starts here.
        PlaintextStreamFilter = (context, _) =>
        {
            connected.TrySetResult();
            return ValueTask.FromResult(context.PlaintextStream);
        },
    };

    private static async Task AnsweredAsync(Task<Metadata> headers, Task connected, RemoteFeedOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAny(headers, connected).WaitAsync(options.ConnectDeadline, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw Unreachable($"{options.Server} was not reached within {options.ConnectDeadline.TotalSeconds:0.#} s", exception);
        }

        try
        {
            await headers.WaitAsync(options.AnswerDeadline, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            throw Unreachable($"{options.Server} is connected but did not answer within {options.AnswerDeadline.TotalSeconds:0.#} s", exception);
        }
    }

    private static FeedFailedException Explain(Exception exception, Uri server, TrustVerdict verdict) => exception switch
    {
        FeedFailedException known => known,
        _ when verdict.Distrust is { } reason => Unreachable(
            $"the certificate of {server} is not trusted: {reason}; check the address, or use a credential made by this server", exception),
        RpcException { StatusCode: not (StatusCode.Unavailable or StatusCode.Internal) } rpc => new FeedFailedException(FeedFailure.FromStatus(rpc), rpc),
        _ => Unreachable($"{server} could not be reached: {Root(exception)}", exception),
    };

    private static FeedFailedException Unreachable(string reason, Exception inner) => new(new FeedFailure(FeedFailureKind.Unreachable, reason), inner);

    private static string Root(Exception exception)
    {
        var root = exception is RpcException { Status.DebugException: { } cause } ? cause : exception;
        while (root.InnerException is { } inner)
        {
            root = inner;
        }

        return root is RpcException rpc ? rpc.Status.Detail : root.Message;
    }
}
