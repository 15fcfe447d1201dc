namespace Connector.Relay.Links;

/// <summary>
/// The streams that ended last, and how: frames for them are late, not wrong, and a last answer that was lost with its lane can be repeated.
/// Bounded; the oldest is forgotten.
/// </summary>
internal sealed class Tombstones
{
    // More than can end on the living lanes while one is being found dead.
    private const int Capacity = 16_384;

    private readonly Lock gate = new();
    private readonly Dictionary<uint, Tombstone> stones = [];
    private readonly Queue<uint> order = new();

    public void Add(uint id, Tombstone stone)
    {
        lock (gate)
        {
            if (!stones.TryAdd(id, stone))
                return;
            order.Enqueue(id);
            if (order.Count > Capacity)
                stones.Remove(order.Dequeue());
        }
    }

    public Tombstone? Find(uint id)
    {
        lock (gate)
            return stones.TryGetValue(id, out var stone) ? stone : null;
    }

    /// <summary>Streams whose last frame went out on the lane since then, oldest first. It is said again on another, where it may be lost as well.</summary>
    public List<(uint Id, Tombstone Stone)> SayAgain(int lane, TimeSpan since, int on, TimeSpan now)
    {
        lock (gate)
        {
            var found = new List<(uint, Tombstone)>();
            foreach (var id in order)
            {
                var stone = stones[id];
                if (stone.Lane != lane || stone.At < since)
                    continue;
                found.Add((id, stone));
                stones[id] = stone with { Lane = on, At = now };
            }

            return found;
        }
    }

    public bool Contains(uint id) => Find(id) is not null;
}
