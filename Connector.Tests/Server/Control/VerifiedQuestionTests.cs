using System.Security.Cryptography;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Connector.Tests.Server.Control;

[Trait("kind", Kinds.Pure)]
public sealed class VerifiedQuestionTests : IDisposable
{
    private static readonly ConnectorId ConnectorId = new("11111111-1111-1111-1111-111111111111");
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly GroupBootId asker = GroupBootId.New();

    [Fact]
    public void Signed_question_is_read_whole()
    {
        var (reached, unreached) = (GroupBootId.New(), GroupBootId.New());
        var body = Body();
        body.Kind = GroupQuestionBody.Types.Kind.Loss;
        body.Generation = 7;
        body.Reached.Add(Bytes(reached));
        body.Unreached.Add(Bytes(unreached));
        body.Held = new ConfigVersion { Incarnation = "inc", Number = 3 };

        Assert.True(VerifiedQuestion.TryVerify(GroupQuestions.Sign(body, key), ConnectorId, Now, out var question, out var refusal), refusal.Detail);

        Assert.Equal((asker, 7L, GroupQuestionBody.Types.Kind.Loss), (question.Asker, question.Generation, question.Kind));
        Assert.Equal(KeyThumbprint.Of(key.ExportSubjectPublicKeyInfo()), question.Identity.Key);
        // The asker reaches itself, whether it says so or not.
        Assert.True(question.Reached.SetEquals([reached, asker]));
        Assert.True(question.Unreached.SetEquals([unreached]));
        Assert.Equal(new DesiredStateVersion("inc", 3), question.Held);
    }

    [Fact]
    public void Largest_question_is_accepted()
    {
        var body = Body();
        body.Kind = GroupQuestionBody.Types.Kind.Loss;
        body.Reached.AddRange(Enumerable.Range(0, 32).Select(_ => Bytes(GroupBootId.New())));
        body.Unreached.AddRange(Enumerable.Range(0, 32).Select(_ => Bytes(GroupBootId.New())));

        Assert.True(VerifiedQuestion.TryVerify(GroupQuestions.Sign(body, key), ConnectorId, Now, out _, out var refusal), refusal.Detail);
    }

    [Fact]
    public void Question_that_does_not_prove_who_asks_is_unauthenticated()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var longer = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Refused(GroupQuestions.Sign(Body(), other), StatusCode.Unauthenticated, "signature");
        var changed = GroupQuestions.Sign(Body(), key);
        var body = Body();
        body.Generation = 9;
        changed.Body = body.ToByteString();
        Refused(changed, StatusCode.Unauthenticated, "signature");
        body = Body();
        body.Self.PublicKey = ByteString.CopyFrom(longer.ExportSubjectPublicKeyInfo());
        Refused(GroupQuestions.Sign(body, longer), StatusCode.Unauthenticated, "P-256");
        body = Body();
        body.ConnectorId = "22222222-2222-2222-2222-222222222222";
        Refused(GroupQuestions.Sign(body, key), StatusCode.Unauthenticated, "about connector 22222222");
    }

    [Fact]
    public void Question_beyond_a_bound_is_invalid()
    {
        Refused(new GroupQuestion(), StatusCode.InvalidArgument, "self is missing");
        Refused(new GroupQuestion { Body = ByteString.CopyFrom(new byte[20_000]) }, StatusCode.InvalidArgument, "at most 16384 are accepted");
        Refused(new GroupQuestion { Body = ByteString.CopyFromUtf8("\u0001garbage") }, StatusCode.InvalidArgument, "cannot be decoded");
        Refused(body => body.Self.BootId = ByteString.CopyFrom(new byte[15]), "boot id");
        Refused(body => body.Self.ReplicaId = new string('r', 129), "replica id");
        Refused(body => body.GroupBootId = ByteString.CopyFrom(new byte[17]), "group boot id");
        Refused(body => body.GroupBootId = ByteString.Empty, "group boot id");
        Refused(body => body.Kind = GroupQuestionBody.Types.Kind.Unknown, "kind");
        Refused(body => body.Kind = (GroupQuestionBody.Types.Kind)17, "kind");
        Refused(body => body.Generation = -1, "generation");
        Refused(body => body.Unreached.Add(ByteString.CopyFrom(new byte[4])), "member's group boot id");
        Refused(body => body.Reached.AddRange(Enumerable.Range(0, 65).Select(_ => Bytes(GroupBootId.New()))), "names 65 members, at most 64");
        Refused(body => body.Unreached.Add(Bytes(asker)), "asker as not reached");
        Refused(
            body =>
            {
                body.Reached.Add(Bytes(asker));
                body.Unreached.Add(Bytes(asker));
            },
            "both as reached and as not reached");
    }

    [Theory]
    [InlineData(-301)]
    [InlineData(301)]
    [InlineData(null)]
    public void Question_of_another_time_is_invalid(int? seconds)
        => Refused(body => body.SentAt = seconds is { } apart ? Timestamp.FromDateTimeOffset(Now.AddSeconds(apart)) : null, seconds is null ? "sent_at" : "set both clocks by NTP");

    [Fact]
    public void Time_that_is_none_is_invalid() => Refused(body => body.SentAt = new Timestamp { Seconds = long.MaxValue }, "sent_at");

    [Theory]
    [InlineData(-299)]
    [InlineData(299)]
    public void Clock_may_be_apart_by_less_than_five_minutes(int seconds)
    {
        var body = Body();
        body.SentAt = Timestamp.FromDateTimeOffset(Now.AddSeconds(seconds));

        Assert.True(VerifiedQuestion.TryVerify(GroupQuestions.Sign(body, key), ConnectorId, Now, out _, out _));
    }

    public void Dispose() => key.Dispose();

    private static ByteString Bytes(GroupBootId id) => GroupQuestions.Bytes(id);

    private GroupQuestionBody Body() => new()
    {
        ConnectorId = ConnectorId.Value.ToUpperInvariant(),
        Self = ControlStreamClient.Member(key, BootId.New()),
        GroupBootId = Bytes(asker),
        Kind = GroupQuestionBody.Types.Kind.Form,
        SentAt = Timestamp.FromDateTimeOffset(Now),
    };

    private void Refused(System.Action<GroupQuestionBody> change, string why)
    {
        var body = Body();
        change(body);
        Refused(GroupQuestions.Sign(body, key), StatusCode.InvalidArgument, why);
    }

    private static void Refused(GroupQuestion question, StatusCode code, string why)
    {
        Assert.False(VerifiedQuestion.TryVerify(question, ConnectorId, Now, out _, out var refusal));
        Assert.Equal(code, refusal.StatusCode);
        Assert.Contains(why, refusal.Detail, StringComparison.Ordinal);
    }
}
