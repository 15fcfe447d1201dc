using System.Collections.Concurrent;

namespace Connector.Benchmarks.Load;

/// <summary>
/// A thread for every piece of work at once, each kept for the next: blocking calls without the cost of a new thread per connection.
/// Bounded by the number of connections that the load client opens.
/// </summary>
internal sealed class ReusedThreads
{
    private const int StackBytes = 128 * 1024;
    private readonly ConcurrentBag<Worker> idle = [];

    public void Run(Action work)
    {
        if (!idle.TryTake(out var worker))
        {
            worker = new Worker(this);
        }

        worker.Give(work);
    }

    private sealed class Worker
    {
        private readonly ReusedThreads owner;
        private readonly object gate = new();
        private Action? given;

        public Worker(ReusedThreads owner)
        {
            this.owner = owner;
            new Thread(Loop, StackBytes) { IsBackground = true }.Start();
        }

        public void Give(Action work)
        {
            lock (gate)
            {
                given = work;
                Monitor.Pulse(gate);
            }
        }

        private void Loop()
        {
            while (true)
            {
                Take()();
                owner.idle.Add(this);
            }
        }

        private Action Take()
        {
            lock (gate)
            {
                while (given is null)
                {
                    Monitor.Wait(gate);
                }

                var work = given;
                given = null;
                return work;
            }
        }
    }
}
