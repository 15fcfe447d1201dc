namespace Connector.Relay.Streams;

/// <summary>Wakes the stage of a stream. Called from any thread, also under the stream's lock: only post and return.</summary>
internal interface IStreamSignals
{
    void Signal();
}
