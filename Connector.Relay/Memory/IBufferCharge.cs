namespace Connector.Relay.Memory;

/// <summary>Whoever was charged for a buffer's capacity gets it back when the buffer is returned.</summary>
internal interface IBufferCharge
{
    void Refund(int capacity);
}
