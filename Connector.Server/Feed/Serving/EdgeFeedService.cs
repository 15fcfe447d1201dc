using System.Globalization;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Server.Feed.Wire;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Feed.Serving;

/// <summary>
/// The gRPC service <c>border0.edge.v1.EdgeService</c>. A call checks the edge's credential and hello, takes the edge's one place, and then carries states one way and
/// reports the other until one side ends it.
/// </summary>
internal sealed partial class EdgeFeedService(EdgeFeedServices services, IHostApplicationLifetime lifetime, ILogger<EdgeFeedService> logger) : EdgeService.EdgeServiceBase
{
    public const string RetryAfterTrailer = "retry-after-ms";

    private const string TokenHeader = "token";
    private static readonly TimeSpan RetryWhenTaken = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FinishGrace = TimeSpan.FromSeconds(2);

    public static string DeletedText(string edge) => $"edge {edge} was deleted; make a new one and give its credential to the edge, or stop the edge";

    public override async Task Follow(IAsyncStreamReader<EdgeMessage> requestStream, IServerStreamWriter<FeedMessage> responseStream, ServerCallContext context)
    {
        try
        {
            // At once: the edge's clock for an answer runs.
            await context.WriteResponseHeadersAsync([]).ConfigureAwait(false);
            var (edge, refusal) = await AuthenticateAsync(context).ConfigureAwait(false);
            if (edge is null)
            {
                LogRefused(context.Peer, refusal.Detail);
                context.Status = refusal;
                return;
            }

            context.Status = await ServeAsync(edge, requestStream, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The connection broke; there is nobody to tell.
        }
        catch (ControlStoreException exception)
        {
            LogStoreFailed(exception);
            context.Status = new Status(StatusCode.Unavailable, "the control plane's store did not answer; try again");
        }
    }

    private async Task<(EdgeRow? Edge, Status Refusal)> AuthenticateAsync(ServerCallContext context)
    {
        if (context.RequestHeaders.GetValue(TokenHeader) is not { Length: > 0 } token)
        {
            return (null, new Status(StatusCode.Unauthenticated, "no edge credential was sent (metadata key token); make one for the edge: POST /api/v1/edge"));
        }

        if (!services.Verifier.TryVerifyEdgeCredential(token, out var claims, out var reason))
        {
            return (null, new Status(StatusCode.Unauthenticated, reason));
        }

        var (standing, edge) = await services.Catalog.CheckAsync(claims.EdgeId, claims.TokenId, context.CancellationToken).ConfigureAwait(false);
        return standing switch
        {
            EdgeStanding.Valid => (edge, Status.DefaultSuccess),
            EdgeStanding.Replaced => (null, new Status(StatusCode.Unauthenticated, ReplacedText)),
            _ => (null, new Status(StatusCode.Unauthenticated, DeletedText(claims.EdgeId.Value))),
        };
    }

    public const string ReplacedText = "this edge credential was replaced by a newer one; give that one to the edge";

    private async Task<Status> ServeAsync(EdgeRow edge, IAsyncStreamReader<EdgeMessage> requests, IServerStreamWriter<FeedMessage> responses, ServerCallContext context)
    {
        if (await ReadHelloAsync(requests, context.CancellationToken).ConfigureAwait(false) is not { } hello)
        {
            return new Status(StatusCode.DeadlineExceeded, $"no hello within {FeedBounds.HelloDeadline.TotalSeconds:0} s");
        }

        BootId boot;
        EdgePresence presence;
        try
        {
            (boot, presence) = EdgeHelloReader.Read(hello);
        }
        catch (FeedProtocolException exception)
        {
            LogRefused(context.Peer, exception.Message);
            return new Status(StatusCode.InvalidArgument, exception.Message);
        }

        var id = new EdgeId(edge.Id);
        var connection = new EdgeConnection(id, boot, context.GetHttpContext().Connection.RemoteIpAddress?.ToString() ?? "unknown", services.Time);
        if (!services.Connections.TryEnter(connection, out var refusal))
        {
            LogRefused(context.Peer, refusal);
            context.ResponseTrailers.Add(RetryAfterTrailer, ((long)RetryWhenTaken.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
            return new Status(StatusCode.AlreadyExists, refusal);
        }

        try
        {
            return await CarryAsync(connection, edge.Name, presence, requests, responses, context).ConfigureAwait(false);
        }
        finally
        {
            connection.End(StatusCode.Cancelled, "the connection broke");
            services.Connections.Leave(connection);
        }
    }

    private async Task<Status> CarryAsync(
        EdgeConnection connection, string name, EdgePresence presence, IAsyncStreamReader<EdgeMessage> requests, IServerStreamWriter<FeedMessage> responses, ServerCallContext context)
    {
        await using var stopping = lifetime.ApplicationStopping.Register(() => connection.End(StatusCode.Unavailable, "the control plane is stopping; connect again")).ConfigureAwait(false);
        await using var gone = context.CancellationToken.Register(() => connection.End(StatusCode.Cancelled, "the connection broke")).ConfigureAwait(false);
        if (!await services.Catalog.SeenAsync(connection.Edge, presence, connection.EndedToken).ConfigureAwait(false))
        {
            return new Status(StatusCode.Unauthenticated, DeletedText(name));
        }

        await services.Directory.RefreshAsync(connection.EndedToken).ConfigureAwait(false);
        LogConnected(name, connection.Edge, connection.RemoteAddress, presence.SoftwareVersion, string.Join(", ", presence.Addresses));
        using var session = new EdgeFeedSession(connection, name, services, responses);
        var running = session.RunAsync(requests);
        var (code, reason) = await connection.Ended.ConfigureAwait(false);
        LogEnded(name, connection.Edge, code, reason);
        try
        {
            await running.WaitAsync(FinishGrace, services.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A write hangs in the edge's flow control: no status can reach it any more.
            context.GetHttpContext().Abort();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await NoteLeavingAsync(connection.Edge).ConfigureAwait(false);
        return new Status(code, reason);
    }

    private async Task NoteLeavingAsync(EdgeId edge)
    {
        try
        {
            await services.Catalog.SeenAsync(edge, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ControlStoreException exception)
        {
            // Only when it was seen last would be off.
            LogStoreFailed(exception);
        }
    }

    private async Task<EdgeHello?> ReadHelloAsync(IAsyncStreamReader<EdgeMessage> requests, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(FeedBounds.HelloDeadline, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await requests.MoveNext(either.Token).ConfigureAwait(false) ? requests.Current.Hello : null;
        }
        catch (Exception exception) when (deadline.IsCancellationRequested && exception is OperationCanceledException or RpcException or IOException)
        {
            return null;
        }
    }

    [LoggerMessage(LogLevel.Information, "edge {Name} ({Edge}) connected from {RemoteAddress}, version {Version}; replicas reach it at {Addresses}")]
    private partial void LogConnected(string name, EdgeId edge, string remoteAddress, string version, string addresses);

    [LoggerMessage(LogLevel.Information, "edge {Name} ({Edge}) is away: {Code} {Reason}")]
    private partial void LogEnded(string name, EdgeId edge, StatusCode code, string reason);

    // Whoever may not come shows it again and again; the edge itself says it once.
    [LoggerMessage(LogLevel.Debug, "an edge from {Peer} was refused: {Reason}")]
    private partial void LogRefused(string peer, string reason);

    [LoggerMessage(LogLevel.Error, "an edge could not be served: the store did not answer")]
    private partial void LogStoreFailed(Exception exception);
}
