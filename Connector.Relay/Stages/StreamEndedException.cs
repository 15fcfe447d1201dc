using Connector.Relay.Streams;

namespace Connector.Relay.Stages;

/// <summary>Tells the socket's stage that the stream is over without having completed: the connection is to be reset.</summary>
internal sealed class StreamEndedException(StreamOutcome outcome) : Exception(outcome.Reason);
