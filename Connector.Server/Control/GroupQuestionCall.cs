using System.Globalization;
using Akka.Actor;
using Akka.Hosting;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Tokens;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace Connector.Server.Control;

/// <summary>The unary call AskGroupVerdict: proves who asks, hands the question to the connector's entity, and waits for its answer, for a bounded time.</summary>
internal sealed class GroupQuestionCall(IRequiredActor<ConnectorsActor> connectors, PresentedToken presented, ControlServices services)
{
    /// <exception cref="RpcException">The question is refused; the status says why.</exception>
    public async Task<GroupVerdict> AnswerAsync(GroupQuestion request, ServerCallContext context)
    {
        if (!presented.TryRead(context, out var token, out var reason))
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, reason));
        }

        if (!VerifiedQuestion.TryVerify(request, token.ConnectorId, services.Time.GetUtcNow(), out var question, out var refusal))
        {
            throw new RpcException(refusal);
        }

        var answered = await AskAsync(
            new GroupProtocol.AskVerdict(token.ConnectorId, token.OrganizationId, token.TokenId, token.ExpiresAt + TokenVerifier.Leeway, question),
            context.CancellationToken).ConfigureAwait(false);
        if (answered.Verdict is { } verdict)
        {
            return verdict;
        }

        var trailers = new Metadata();
        if (answered.RetryAfter is { } retryAfter)
        {
            trailers.Add(ControlFeatures.RetryAfterTrailer, ((long)retryAfter.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        }

        throw new RpcException(answered.Status, trailers);
    }

    private async Task<GroupProtocol.Answered> AskAsync(GroupProtocol.AskVerdict question, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(services.Limits.QuestionDeadline, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            var entities = await connectors.GetAsync(either.Token).ConfigureAwait(false);
            return await entities.Ask<GroupProtocol.Answered>(question, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or AskTimeoutException)
        {
            return cancellation.IsCancellationRequested
                ? GroupProtocol.Answered.Refused(StatusCode.Cancelled, "the call was cancelled")
                : GroupProtocol.Answered.Refused(
                    StatusCode.Unavailable, $"the question was not answered within {services.Limits.QuestionDeadline.TotalSeconds:0.#} s, so nothing is decided; ask again");
        }
    }
}
