namespace Connector.Actors.Registration;

/// <summary>
/// How many threads the pool makes at once. It starts with one per core and adds about one a second: on a machine with two cores a handler of one
/// socket that blocks would starve all others (see dispatchers.conf). Threads that are not needed are never made.
/// </summary>
public static class ThreadReserve
{
    public static int Usual => Math.Max(16, 4 * Environment.ProcessorCount);

    /// <summary>Process-wide, only ever raised.</summary>
    public static void Keep(int threads)
    {
        ThreadPool.GetMinThreads(out var workers, out var completion);
        if (workers < threads)
            ThreadPool.SetMinThreads(threads, completion);
    }
}
