using System.Diagnostics.CodeAnalysis;

namespace Connector.Server.Feed.Following;

/// <summary>A queue in which each item waits once, and from whose middle items can be taken out. Not thread-safe.</summary>
internal sealed class DistinctQueue<T>
    where T : notnull
{
    // What was taken out stays in the queue until its turn; beyond so many the queue is made anew.
    private const int MostLeftovers = 1_024;

    private readonly HashSet<T> items = [];
    private Queue<T> queue = new();

    public int Count => items.Count;

    public void Add(T item)
    {
        if (items.Add(item))
        {
            queue.Enqueue(item);
        }
    }

    public void AddRange(IEnumerable<T> more)
    {
        foreach (var item in more)
        {
            Add(item);
        }
    }

    public void Remove(T item)
    {
        if (items.Remove(item) && queue.Count - items.Count > MostLeftovers)
        {
            queue = new Queue<T>(items);
        }
    }

    public void Clear()
    {
        items.Clear();
        queue.Clear();
    }

    public bool TryTake([MaybeNullWhen(false)] out T item)
    {
        while (queue.TryDequeue(out item))
        {
            if (items.Remove(item))
            {
                return true;
            }
        }

        return false;
    }
}
