using Connector.Actors.Control;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Actors.Group;

/// <summary>A question to the control plane, within its deadline.</summary>
internal static class VerdictQuestion
{
    public static GroupQuestionBody Write(GroupSystemSetup setup, GroupQuestionBody.Types.Kind kind)
    {
        var replica = setup.Identity.Replica;
        return new GroupQuestionBody
        {
            ConnectorId = replica.ConnectorId.Value,
            Self = new GroupMember { ReplicaId = replica.ReplicaId.Value, BootId = ByteString.CopyFrom(replica.BootId.ToArray()), PublicKey = replica.Key.SubjectPublicKeyInfo },
            GroupBootId = Bytes(setup.Identity.GroupBootId),
            Kind = kind,
            Generation = setup.Generation,
            SentAt = Timestamp.FromDateTimeOffset(setup.Time.GetUtcNow()),
            Version = replica.Version,
        };
    }

    public static ByteString Bytes(GroupBootId id) => UnsafeByteOperations.UnsafeWrap(id.ToArray());

    /// <summary>What the control plane says of its verdict, for the end of a sentence.</summary>
    public static string Because(GroupVerdict verdict) => verdict.Reason.Length == 0 ? "" : $": {(verdict.Reason.Length > 512 ? verdict.Reason[..512] : verdict.Reason)}";

    public static async Task<GroupVerdict> AskAsync(GroupSystemSetup setup, GroupQuestionBody question, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(setup.Timing.VerdictDeadline);
        return await setup.Verdicts.AskAsync(question, deadline.Token).ConfigureAwait(false);
    }

    public static string Reason(Exception exception) => exception switch
    {
        AggregateException { InnerException: { } inner } => Reason(inner),
        ControlTransportException refused => refused.Message,
        OperationCanceledException => "it did not answer in time",
        _ => exception.Message,
    };
}
