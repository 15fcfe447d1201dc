using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Hosting;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Server.Discovery;
using Grpc.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Status = Grpc.Core.Status;

namespace Connector.Server.Control;

/// <summary>
/// The gRPC service <c>border0.v1.ConnectorService</c>. A call reads its metadata, proves its identity where the peer can, claims the control session of
/// its connector, and then carries messages between the wire and the entity until one side ends it.
/// </summary>
internal sealed partial class ControlStreamService(
    IRequiredActor<ConnectorsActor> connectors, TokenVerifier verifier, ControlServices services, IDiscoveryStore store, IHostApplicationLifetime lifetime, ILogger<ControlStreamService> logger)
    : ConnectorService.ConnectorServiceBase
{
    private const int ChallengeNonceSize = 32;
    private static readonly TimeSpan FinishGrace = TimeSpan.FromSeconds(2);

    private ControlLimits Limits => services.Limits;

    public override async Task ControlStream(
        IAsyncStreamReader<ControlStreamRequest> requestStream, IServerStreamWriter<ControlStreamResponse> responseStream, ServerCallContext context)
    {
        var nonce = RandomNumberGenerator.GetBytes(VerifiedHello.NonceSize);
        using var stream = new ControlStream(Limits, services.Time);
        await using var stopping = lifetime.ApplicationStopping.Register(
            () => stream.End(StatusCode.Unavailable, "the control plane is stopping; connect again", null)).ConfigureAwait(false);
        await using var gone = context.CancellationToken.Register(
            () => stream.End(new StreamEnd(StatusCode.Cancelled, "the connection broke", ByPeer: true))).ConfigureAwait(false);
        try
        {
            // At once: the peer needs the nonce before it can say hello.
            await context.WriteResponseHeadersAsync(new Metadata { { ControlFeatures.NonceHeader, Base64Url.EncodeToString(nonce) } }).ConfigureAwait(false);
            if (await PrepareAsync(stream, requestStream, nonce, context).ConfigureAwait(false) is { } claim)
            {
                await RunAsync(stream, claim, requestStream, responseStream, context).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException)
        {
            stream.End(new StreamEnd(StatusCode.Cancelled, "the connection broke", ByPeer: true));
        }

        var end = await stream.Ended.ConfigureAwait(false);
        LogEnded(logger, stream.StreamId, context.Peer, end.Code, end.Reason);
        if (end.RetryAfter is { } retryAfter)
        {
            context.ResponseTrailers.Add(
                ControlFeatures.RetryAfterTrailer, ((long)retryAfter.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        }

        // Set, not thrown: a refused peer is nothing to write a stack trace about.
        context.Status = new Status(end.Code, end.Reason);
    }

    public override Task<GroupVerdict> AskGroupVerdict(GroupQuestion request, ServerCallContext context)
        => new GroupQuestionCall(connectors, new PresentedToken(verifier, Limits), services).AnswerAsync(request, context);

    /// <summary>Everything that needs no entity. Null: the stream has been ended.</summary>
    private async Task<ControlStreamProtocol.ClaimSession?> PrepareAsync(
        ControlStream stream, IAsyncStreamReader<ControlStreamRequest> requests, byte[] nonce, ServerCallContext context)
    {
        if (!new PresentedToken(verifier, Limits).TryRead(context, out var token, out var reason))
        {
            stream.End(StatusCode.Unauthenticated, reason, null);
            return null;
        }

        var features = ControlFeatures.Parse(context.RequestHeaders.GetValue(ControlFeatures.Header));
        VerifiedHello? hello = null;
        if (features.Contains(ControlFeatures.Hello))
        {
            hello = await ReadHelloAsync(stream, requests, nonce, token.ConnectorId).ConfigureAwait(false);
            if (hello is null)
            {
                return null;
            }
        }

        var claim = new Claim(
            stream.StreamId, token.TokenId, token.ExpiresAt + TokenVerifier.Leeway, hello?.Identity, features.Contains(ControlFeatures.Challenge),
            [.. RandomNumberGenerator.GetBytes(ChallengeNonceSize)], RemoteAddress(context))
        {
            GroupBootId = hello?.GroupBootId,
        };
        return new ControlStreamProtocol.ClaimSession(token.ConnectorId, token.OrganizationId, claim, features, hello, stream);
    }

    private async Task<VerifiedHello?> ReadHelloAsync(
        ControlStream stream, IAsyncStreamReader<ControlStreamRequest> requests, byte[] nonce, ConnectorId connectorId)
    {
        using var deadline = new CancellationTokenSource(Limits.HelloDeadline, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stream.EndedToken);
        try
        {
            if (!await requests.MoveNext(either.Token).ConfigureAwait(false))
            {
                stream.End(new StreamEnd(StatusCode.OK, "the client closed the stream before hello", ByPeer: true));
                return null;
            }
        }
        catch (Exception exception) when (deadline.IsCancellationRequested && exception is OperationCanceledException or RpcException or IOException)
        {
            stream.End(StatusCode.DeadlineExceeded, $"no hello within {Limits.HelloDeadline.TotalSeconds:0} s, although the feature hello was announced", null);
            return null;
        }
        catch (RpcException exception)
        {
            stream.End(exception.StatusCode, "the first message cannot be read", null);
            return null;
        }

        stream.Hear();
        if (requests.Current.Hello is not { } hello)
        {
            stream.End(StatusCode.InvalidArgument, $"the first message must be hello, it was {requests.Current.RequestTypeCase}", null);
            return null;
        }

        if (!VerifiedHello.TryVerify(hello, nonce, connectorId, out var verified, out var reason))
        {
            stream.End(StatusCode.Unauthenticated, reason, null);
            return null;
        }

        return verified;
    }

    private async Task RunAsync(
        ControlStream stream, ControlStreamProtocol.ClaimSession claim, IAsyncStreamReader<ControlStreamRequest> requests,
        IAsyncStreamWriter<ControlStreamResponse> responses, ServerCallContext context)
    {
        var entity = await connectors.GetAsync(stream.EndedToken).ConfigureAwait(false);
        entity.Tell(claim);
        try
        {
            await Task.WhenAny(stream.Accepted, stream.Ended).WaitAsync(Limits.ClaimDeadline, services.Time, CancellationToken.None).ConfigureAwait(false);
            if (stream.Accepted.IsCompletedSuccessfully)
            {
                await CarryAsync(stream, claim, entity, requests, responses, context).ConfigureAwait(false);
            }
        }
        catch (TimeoutException)
        {
            stream.End(StatusCode.Unavailable, $"the claim was not decided within {Limits.ClaimDeadline.TotalSeconds:0} s; connect again", TimeSpan.FromSeconds(5));
        }
        finally
        {
            var end = stream.Ended.IsCompletedSuccessfully ? await stream.Ended.ConfigureAwait(false) : null;
            entity.Tell(new ControlStreamProtocol.StreamEnded(claim.ConnectorId, stream.StreamId, end?.Reason ?? "the call failed"));
        }
    }

    private async Task CarryAsync(
        ControlStream stream, ControlStreamProtocol.ClaimSession claim, IActorRef entity, IAsyncStreamReader<ControlStreamRequest> requests,
        IAsyncStreamWriter<ControlStreamResponse> responses, ServerCallContext context)
    {
        var epoch = await stream.Accepted.ConfigureAwait(false);
        await using var intake = new LogIntake(
            services.Store, claim.ConnectorId, Limits.StoreDeadline, services.Time, logger,
            stale => entity.Tell(new ControlStreamProtocol.StreamOvertaken(claim.ConnectorId, stream.StreamId, stale.Stored)));
        await using var discovery = new DiscoveryIntake(
            store, claim.ConnectorId, epoch, services.Time, logger,
            claim.Features.Contains(ControlFeatures.Discovery) ? asked => stream.Send(new ControlStreamResponse { DialResources = asked }) : null);
        var reader = new ControlStreamReader(stream, claim, epoch, entity, intake, discovery, Limits, services.Time);
        var reading = reader.ReadAllAsync(requests);
        var writing = stream.WriteAllAsync(responses);
        await stream.Ended.ConfigureAwait(false);
        try
        {
            await Task.WhenAll(reading, writing).WaitAsync(FinishGrace, services.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A write hangs in the peer's flow control: no status can reach it any more.
            context.GetHttpContext().Abort();
            await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static string RemoteAddress(ServerCallContext context) => context.GetHttpContext().Connection.RemoteIpAddress?.ToString() ?? "unknown";

    [LoggerMessage(Level = LogLevel.Debug, Message = "Control stream {StreamId} of {Peer} ended: {Code} {Reason}")]
    private static partial void LogEnded(ILogger logger, long streamId, string peer, StatusCode code, string reason);
}
