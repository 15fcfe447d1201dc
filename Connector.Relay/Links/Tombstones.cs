namespace Connector.Relay.Links;

/// <summary>Ids of the streams that finished last: frames for them are late, not wrong. Bounded; the oldest is forgotten.</summary>
internal sealed class Tombstones
{
    private const int Capacity = 4096;

    private readonly Lock gate = new();
    private readonly HashSet<uint> ids = [];
    private readonly Queue<uint> order = new();

    public void Add(uint id)
    {
        lock (gate)
        {
            if (!ids.Add(id))
                return;
            order.Enqueue(id);
            if (order.Count > Capacity)
                ids.Remove(order.Dequeue());
        }
    }

    public bool Contains(uint id)
    {
        lock (gate)
            return ids.Contains(id);
    }
}
