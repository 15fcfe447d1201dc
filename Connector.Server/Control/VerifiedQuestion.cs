using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace Connector.Server.Control;

/// <summary>A question of a group's member whose signature proves that the sender has the replica key.</summary>
/// <param name="Asker">The group system that asks.</param>
/// <param name="Generation">Of the last verdict that it heard of; 0 for none.</param>
/// <param name="Reached">Members that it reaches, itself included. Disjoint from <paramref name="Unreached"/>.</param>
/// <param name="Held">Desired state that it has.</param>
internal sealed record VerifiedQuestion(
    ClaimIdentity Identity, GroupBootId Asker, GroupQuestionBody.Types.Kind Kind, long Generation,
    ImmutableHashSet<GroupBootId> Reached, ImmutableHashSet<GroupBootId> Unreached, DesiredStateVersion Held, string Version)
{
    public const int MaxMembers = 64;

    /// <summary>An older question says nothing of now, and a newer one comes from a clock that is wrong.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

    private const int MaxBodySize = 16 * 1024;
    private const string Message = "the group question";

    /// <param name="refusal">Why not, fit for the call's status, when the result is false.</param>
    public static bool TryVerify(
        GroupQuestion question, ConnectorId connectorId, DateTimeOffset now, [NotNullWhen(true)] out VerifiedQuestion? verified, out Status refusal)
    {
        verified = null;
        if (question.Body.Length > MaxBodySize)
        {
            refusal = Invalid($"{Message} is {question.Body.Length} bytes long, at most {MaxBodySize} are accepted");
            return false;
        }

        GroupQuestionBody body;
        try
        {
            body = GroupQuestionBody.Parser.ParseFrom(question.Body);
        }
        catch (InvalidProtocolBufferException)
        {
            refusal = Invalid($"the body of {Message} cannot be decoded");
            return false;
        }

        if (!SignedMember.TryRead(body.Self, Message, out var self, out var reason))
        {
            refusal = Invalid(reason);
            return false;
        }

        if (!SignedMember.IsSigned(
            question.Body.Span, question.Signature.Span, body.Self.PublicKey.Span, Message, "its public key and its body", out reason))
        {
            refusal = new Status(StatusCode.Unauthenticated, reason);
            return false;
        }

        if (!string.Equals(body.ConnectorId, connectorId.Value, StringComparison.OrdinalIgnoreCase))
        {
            refusal = new Status(
                StatusCode.Unauthenticated,
                $"{Message} is about connector {SignedMember.Shown(body.ConnectorId)}, the token is for connector {connectorId}");
            return false;
        }

        if (Unfit(body, now) is { } unfit)
        {
            refusal = Invalid(unfit);
            return false;
        }

        var asker = GroupBootId.Read(body.GroupBootId.Span);
        var reached = Read(body.Reached).Add(asker);
        var unreached = Read(body.Unreached);
        if (unreached.Overlaps(reached))
        {
            refusal = Invalid($"{Message} names a member both as reached and as not reached, or the asker as not reached");
            return false;
        }

        refusal = Status.DefaultSuccess;
        verified = new VerifiedQuestion(
            self, asker, body.Kind, body.Generation, reached, unreached,
            body.Held is { } held ? new DesiredStateVersion(SignedMember.Shown(held.Incarnation), held.Number) : DesiredStateVersion.None,
            SignedMember.Shown(body.Version));
        return true;
    }

    private static string? Unfit(GroupQuestionBody body, DateTimeOffset now) => body switch
    {
        { Kind: not (GroupQuestionBody.Types.Kind.Form or GroupQuestionBody.Types.Kind.Loss) }
            => $"{Message} has a kind that this control plane does not know ({(int)body.Kind})",
        { GroupBootId.Length: not GroupBootId.Size } => $"the group boot id in {Message} is not {GroupBootId.Size} bytes long",
        { Generation: < 0 } => $"the generation in {Message} is below 0",
        _ when body.Reached.Count + body.Unreached.Count > MaxMembers
            => $"{Message} names {body.Reached.Count + body.Unreached.Count} members, at most {MaxMembers} are accepted",
        _ when body.Reached.Concat(body.Unreached).Any(id => id.Length != GroupBootId.Size)
            => $"a member's group boot id in {Message} is not {GroupBootId.Size} bytes long",
        _ when SignedMember.Time(body.SentAt) is not { } sentAt => $"{Message} does not say when it was sent (sent_at is missing)",
        _ when (SignedMember.Time(body.SentAt)!.Value - now).Duration() is var apart && apart > MaxAge
            => $"{Message} was sent {apart.TotalSeconds:0} s apart from the control plane's clock, at most {MaxAge.TotalSeconds:0} s are accepted; set both clocks by NTP",
        _ => null,
    };

    private static ImmutableHashSet<GroupBootId> Read(RepeatedField<ByteString> ids) => [.. ids.Select(id => GroupBootId.Read(id.Span))];

    private static Status Invalid(string reason) => new(StatusCode.InvalidArgument, reason);
}
