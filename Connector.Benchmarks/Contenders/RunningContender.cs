namespace Connector.Benchmarks.Contenders;

/// <summary>A started contender. Owns its processes and folders; disposes of them last to first.</summary>
internal sealed class RunningContender : IAsyncDisposable
{
    private readonly Stack<object> owned = new();
    private readonly List<int> processes = [];

    /// <summary>Where the load client connects.</summary>
    public int Port { get; set; }

    /// <summary>What is measured besides the load: their CPU time and memory, descendants included.</summary>
    public IReadOnlyList<int> Processes => processes;

    /// <summary>Says how it was started when there is more than one way.</summary>
    public string? Remark { get; set; }

    public T Own<T>(T thing)
        where T : notnull
    {
        owned.Push(thing);
        return thing;
    }

    public void Measure(int processId) => processes.Add(processId);

    public async ValueTask DisposeAsync()
    {
        while (owned.TryPop(out var thing))
        {
            if (thing is IAsyncDisposable asynchronous)
            {
                await asynchronous.DisposeAsync();
            }
            else
            {
                ((IDisposable)thing).Dispose();
            }
        }
    }
}
