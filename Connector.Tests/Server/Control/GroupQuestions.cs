using System.Security.Cryptography;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Tests.Server.Hosting;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Connector.Tests.Server.Control;

/// <summary>A member of a group as the control plane meets it: it signs questions and asks them.</summary>
internal sealed class GroupQuestions(ControlPlaneFixture server) : IDisposable
{
    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public BootId Boot { get; } = BootId.New();

    public GroupBootId Group { get; set; } = GroupBootId.New();

    public string ReplicaId => ControlStreamClient.ReplicaIdOf(Key);

    public static GroupQuestion Sign(GroupQuestionBody body, ECDsa key)
    {
        var bytes = body.ToByteArray();
        return new GroupQuestion
        {
            Body = ByteString.CopyFrom(bytes),
            Signature = ByteString.CopyFrom(key.SignData(bytes, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)),
        };
    }

    public static ByteString Bytes(GroupBootId id) => ByteString.CopyFrom(id.ToArray());

    public GroupQuestionBody Form() => new()
    {
        ConnectorId = ControlPlaneFixture.ConnectorId.Value,
        Self = ControlStreamClient.Member(Key, Boot),
        GroupBootId = Bytes(Group),
        Kind = GroupQuestionBody.Types.Kind.Form,
        SentAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow),
        Version = "1.0",
    };

    public GroupQuestionBody Loss(long generation, GroupQuestions[] reached, params GroupQuestions[] unreached)
    {
        var body = Form();
        (body.Kind, body.Generation) = (GroupQuestionBody.Types.Kind.Loss, generation);
        body.Reached.AddRange(reached.Append(this).Select(other => Bytes(other.Group)));
        body.Unreached.AddRange(unreached.Select(other => Bytes(other.Group)));
        return body;
    }

    public Task<GroupVerdict> AskAsync(GroupQuestionBody body, string? token = null) => AskAsync(Sign(body, Key), token);

    public async Task<GroupVerdict> AskAsync(GroupQuestion question, string? token = null)
    {
        using var channel = server.Channel();
        var headers = new Metadata { { "token", token ?? server.Token() } };
        return await new ConnectorService.ConnectorServiceClient(channel).AskGroupVerdictAsync(
            question, headers, DateTime.UtcNow + ControlPlaneFixture.Patience, TestContext.Current.CancellationToken);
    }

    /// <summary>The status that this question is refused with.</summary>
    public async Task<Status> RefusedAsync(GroupQuestion question, string? token = null)
        => (await Assert.ThrowsAsync<RpcException>(() => AskAsync(question, token))).Status;

    /// <summary>As a replica does: asks again while it is told to wait.</summary>
    public async Task<GroupVerdict> DecidedAsync(Func<GroupQuestionBody> body)
    {
        while (true)
        {
            var verdict = await AskAsync(body());
            if (verdict.Verdict != GroupVerdict.Types.Verdict.Wait)
            {
                return verdict;
            }
        }
    }

    public Task<ControlStreamClient> ConnectAsync() => ControlStreamClient.OpenAsync(server, Key, Boot, group: Group);

    public void Dispose() => Key.Dispose();
}
