namespace Connector.Server.Control;

/// <summary>Bounds of control streams: what a peer may use up, and how long it is waited for.</summary>
public sealed record ControlLimits
{
    /// <summary>Bytes of one message, both ways: the public client keeps gRPC's default too.</summary>
    public int MaxMessageSize { get; init; } = 4 * 1024 * 1024;

    /// <summary>Characters of the metadata key <c>connector_id</c>.</summary>
    public int MaxConnectorIdLength { get; init; } = 128;

    /// <summary>Messages that wait to be written to one peer; a peer that lets more pile up is ended.</summary>
    public int OutboundMessages { get; init; } = 1024;

    /// <summary>Bytes that wait to be written to one peer; a peer that lets more pile up is ended.</summary>
    public int OutboundBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>A write that the peer's flow control holds up for so long ends the stream.</summary>
    public TimeSpan WriteStall { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From the opened stream to its hello.</summary>
    public TimeSpan HelloDeadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From the claim to its decision.</summary>
    public TimeSpan ClaimDeadline { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>From a question about the group to its answer: less than its asker waits.</summary>
    public TimeSpan QuestionDeadline { get; init; } = TimeSpan.FromMilliseconds(2500);

    /// <summary>For one call of the store.</summary>
    public TimeSpan StoreDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Streams of one connector that wait for the decision of their claim.</summary>
    public int PendingClaims { get; init; } = 8;

    /// <summary>Plain log records a second that a client without acknowledged batches may send; more are dropped and counted.</summary>
    public int LogRecordsPerSecond { get; init; } = 200;

    /// <summary>Plain log records that may come at once.</summary>
    public int LogRecordBurst { get; init; } = 2000;

    /// <summary>Bytes of one acknowledged batch of log records.</summary>
    public int MaxLogBatchSize { get; init; } = 64 * 1024;

    /// <summary>Characters of one stored log record; longer ones are cut.</summary>
    public int MaxLogMessageLength { get; init; } = 16 * 1024;

    /// <summary>
    /// The gap behind each push to a client that handles messages in no order. It tries an item three times, 500 ms apart: a push within that time could be
    /// overwritten by the last try of the one before.
    /// </summary>
    public TimeSpan PushGap { get; init; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>Answers are held back so long: the public client registers its waiter after it has sent the request.</summary>
    public TimeSpan AnswerDelay { get; init; } = TimeSpan.FromMilliseconds(10);
}
