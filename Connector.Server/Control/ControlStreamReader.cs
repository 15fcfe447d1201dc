using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Control.Wire.Common;
using Connector.Protocol.Ids;
using Connector.Server.Discovery;
using Connector.Server.Store;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Connector.Server.Control;

/// <summary>
/// Reads the messages of an accepted control session. What concerns the session goes to the entity, a bounded number at a time; log records go to the
/// store by way of the intake; requests of the public client that we cannot serve get their denial or one record.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore without a wait handle holds nothing to free, and a late answer may still release it.")]
internal sealed class ControlStreamReader(
    ControlStream stream, ControlStreamProtocol.ClaimSession claim, SessionEpoch epoch, IActorRef connectors, LogIntake intake,
    DiscoveryIntake discovery, ControlLimits limits, TimeProvider time)
{
    private const int MaxRequestIdLength = 256;
    private const int MaxNonceLength = 64;
    private const int MaxReasonLength = 2_048;
    private const int MaxMetadataSize = 64 * 1024;
    private const int MaxNotedSockets = 4096;
    private const int MaxDelayedAnswers = 64;
    private static readonly TimeSpan TouchInterval = TimeSpan.FromSeconds(30);

    private readonly HashSet<string> notedSockets = new(StringComparer.Ordinal);
    private readonly HashSet<ControlStreamRequest.RequestTypeOneofCase> notedKinds = [];
    private readonly RateBudget budget = new(limits.LogRecordsPerSecond, limits.LogRecordBurst, time);
    private readonly SemaphoreSlim delayedAnswers = new(MaxDelayedAnswers, MaxDelayedAnswers);
    private readonly string source = claim.Hello?.Identity.ReplicaId.Value ?? "connector";
    private DateTimeOffset touchedAt = DateTimeOffset.MinValue;

    private ConnectorId ConnectorId => claim.ConnectorId;

    /// <summary>Until the peer closes, breaks off, sends what it must not, or the stream is ended.</summary>
    public async Task ReadAllAsync(IAsyncStreamReader<ControlStreamRequest> requests)
    {
        try
        {
            Touch(null);
            while (await requests.MoveNext(stream.EndedToken).ConfigureAwait(false))
            {
                stream.Hear();
                await HandleAsync(requests.Current).ConfigureAwait(false);
            }

            stream.End(new StreamEnd(StatusCode.OK, "the client closed the stream", ByPeer: true));
        }
        catch (OperationCanceledException) when (stream.EndedToken.IsCancellationRequested)
        {
            // Ended by somebody else.
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.ResourceExhausted)
        {
            stream.End(StatusCode.ResourceExhausted, $"a message is longer than {limits.MaxMessageSize} bytes", null);
        }
        catch (Exception exception) when (exception is RpcException or IOException or InvalidOperationException or OperationCanceledException)
        {
            stream.End(new StreamEnd(StatusCode.Cancelled, "the connection broke", ByPeer: true));
        }
        catch (InvalidProtocolBufferException)
        {
            stream.End(StatusCode.InvalidArgument, "a message cannot be decoded", null);
        }
    }

    private async ValueTask HandleAsync(ControlStreamRequest request)
    {
        if (time.GetUtcNow() - touchedAt >= TouchInterval)
        {
            Touch(null);
        }

        switch (request.RequestTypeCase)
        {
            case ControlStreamRequest.RequestTypeOneofCase.Heartbeat:
                stream.Send(new ControlStreamResponse { Heartbeat = new HeartbeatMessage() });
                break;
            case ControlStreamRequest.RequestTypeOneofCase.Log:
                OnLog(request.Log);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.Metadata:
                OnMetadata(request.Metadata);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.Authorize:
                await DenyAsync(request.Authorize.RequestId).ConfigureAwait(false);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.TunnelCertificateSignRequest:
                OnTunnelCertificate(request.TunnelCertificateSignRequest.SocketId);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.PluginDiscoveryResults:
                await discovery.AddAsync(request.PluginDiscoveryResults, stream.EndedToken).ConfigureAwait(false);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.UploadRecording:
            case ControlStreamRequest.RequestTypeOneofCase.SessionUpdate:
            case ControlStreamRequest.RequestTypeOneofCase.SshCertificateSignRequest:
            case ControlStreamRequest.RequestTypeOneofCase.CertificateSignRequest:
                OnNotServed(request.RequestTypeCase);
                break;
            default:
                await HandleOursAsync(request).ConfigureAwait(false);
                break;
        }
    }

    private async ValueTask HandleOursAsync(ControlStreamRequest request)
    {
        if (claim.Hello is null)
        {
            // Messages of ours, or unknown ones, from a peer that did not announce our features.
            return;
        }

        switch (request.RequestTypeCase)
        {
            case ControlStreamRequest.RequestTypeOneofCase.Hello:
                stream.End(StatusCode.InvalidArgument, "hello was sent twice; it is the first message of a stream and no other", null);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.ChallengeAnswer when request.ChallengeAnswer.Nonce.Length <= MaxNonceLength:
                await TellAsync(new ControlStreamProtocol.ChallengeAnswered(ConnectorId, stream.StreamId, [.. request.ChallengeAnswer.Nonce.Span])).ConfigureAwait(false);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.Logs:
                await OnLogsAsync(request.Logs).ConfigureAwait(false);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.SocketStatus:
                await TellAsync(new ControlStreamProtocol.SocketsReported(ConnectorId, stream.StreamId, SocketReportReader.Read(request.SocketStatus))).ConfigureAwait(false);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.PluginStatus:
                await TellAsync(new ControlStreamProtocol.PluginsReported(ConnectorId, stream.StreamId, Read(request.PluginStatus))).ConfigureAwait(false);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.ResourcesDialed:
                await discovery.AddAsync(request.ResourcesDialed, stream.EndedToken).ConfigureAwait(false);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.Group:
                await TellAsync(new GroupProtocol.GroupReported(ConnectorId, stream.StreamId, GroupReportReader.Read(request.Group))).ConfigureAwait(false);
                break;
            case ControlStreamRequest.RequestTypeOneofCase.ConfigApplied when request.ConfigApplied.ConfigVersion is { } version:
                await TellAsync(new ControlStreamProtocol.ConfigApplied(
                    ConnectorId, stream.StreamId, new ReplicaId(Bounded(request.ConfigApplied.ReplicaId)),
                    new DesiredStateVersion(Bounded(version.Incarnation), version.Number))).ConfigureAwait(false);
                break;
        }
    }

    private void OnLog(Log log)
    {
        if (budget.TryTake())
        {
            intake.Add(epoch, PeerLogRecords.Read(log, source, limits.MaxLogMessageLength, time.GetUtcNow()));
        }
        else
        {
            intake.CountDropped();
        }
    }

    private async ValueTask OnLogsAsync(LogBatch batch)
    {
        var size = batch.CalculateSize();
        if (size > limits.MaxLogBatchSize)
        {
            stream.End(StatusCode.InvalidArgument, $"a log batch is {size} bytes long, at most {limits.MaxLogBatchSize} are accepted", null);
            return;
        }

        var now = time.GetUtcNow();
        var writer = batch.ReplicaId.Length == 0 ? source : Bounded(batch.ReplicaId);
        var records = new List<LogRecord>(batch.Records.Count + 1);
        if (batch.Dropped > 0)
        {
            records.Add(new LogRecord(now, "warn", $"{batch.Dropped} log records were lost at the replica, because they came faster than they could be shipped", null, null, writer));
        }

        records.AddRange(batch.Records.Select(log => PeerLogRecords.Read(log, writer, limits.MaxLogMessageLength, now)));
        var answer = new ControlStreamResponse { LogsAck = new LogsAck { Sequence = batch.Sequence, ReplicaId = batch.ReplicaId } };
        if (records.Count == 0)
        {
            stream.Send(answer);
            return;
        }

        await intake.AddBatchAsync(epoch, records, Position(batch, writer), () => stream.Send(answer), stream.EndedToken).ConfigureAwait(false);
    }

    /// <summary>Null: the peer does not say whose sequence it is, and what it sends again is stored again.</summary>
    private static LogPosition? Position(LogBatch batch, string writer)
        => batch.BootId.Length == BootId.Size && batch.Sequence > 0 ? new LogPosition(new ReplicaId(writer), BootId.Read(batch.BootId.Span), batch.Sequence) : null;

    private void OnMetadata(ConnectorMetadata metadata)
    {
        if (metadata.Data is not { } data || data.CalculateSize() > MaxMetadataSize)
        {
            return;
        }

        if (data.Fields.TryGetValue("connector_internal_metadata", out var internals) && internals.KindCase == Value.KindOneofCase.StructValue)
        {
            // The public type has this field for the server to fill in.
            internals.StructValue.Fields["ip_address"] = Value.ForString(claim.Claim.RemoteAddress);
        }

        try
        {
            Touch(JsonFormatter.Default.Format(data));
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // A number that JSON does not have, or a value without a kind: there is nothing to store.
        }
    }

    private void OnTunnelCertificate(string socketId)
    {
        socketId = Bounded(socketId);
        if (notedSockets.Count < MaxNotedSockets && notedSockets.Add(socketId))
        {
            Note(
                $"socket {socketId}: this client asks for an SSH tunnel certificate, but this control plane has no SSH tunnel; the socket stays unreachable until the connector is run by a replica of this product",
                new SocketId(socketId));
        }
    }

    private void OnNotServed(ControlStreamRequest.RequestTypeOneofCase kind)
    {
        if (notedKinds.Add(kind))
        {
            Note($"messages of the kind {kind} are not served by this control plane and are ignored", null);
        }
    }

    private void Note(string text, SocketId? socketId) => intake.Add(epoch, new LogRecord(time.GetUtcNow(), "warn", text, socketId, null, "control-plane"));

    /// <summary>The public client waits for an answer without a deadline, so there always is one: no allowed actions.</summary>
    private async ValueTask DenyAsync(string requestId)
    {
        if (requestId.Length > MaxRequestIdLength)
        {
            stream.End(StatusCode.InvalidArgument, $"a request_id is longer than {MaxRequestIdLength} characters", null);
            return;
        }

        await delayedAnswers.WaitAsync(stream.EndedToken).ConfigureAwait(false);
        _ = DenyLaterAsync(requestId);
    }

    private async Task DenyLaterAsync(string requestId)
    {
        await Task.Delay(limits.AnswerDelay, time).ConfigureAwait(false);
        stream.Send(new ControlStreamResponse { Authorize = new AuthorizeResponse { RequestId = requestId } });
        delayedAnswers.Release();
    }

    private void Touch(string? metadataJson)
    {
        touchedAt = time.GetUtcNow();
        intake.Touch(touchedAt, metadataJson);
    }

    private static ImmutableArray<ConnectorsProtocol.PluginState> Read(PluginStatusReport report)
        =>
        [
            .. report.Plugins.Take(ReportedPlugins.Most).Select(plugin => new ConnectorsProtocol.PluginState(
                new PluginId(Bounded(plugin.PluginId)), new ReplicaId(Bounded(report.ReplicaId)), Bounded(plugin.State), PeerLogRecords.OneLine(plugin.Reason, MaxReasonLength))),
        ];

    private async ValueTask TellAsync(ControlStreamProtocol.IForConnector message)
    {
        await stream.BeforeTellAsync().ConfigureAwait(false);
        connectors.Tell(message);
    }

    private static string Bounded(string text) => PeerLogRecords.OneLine(text, MaxRequestIdLength);
}
