using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Trials.Namespaces;

/// <summary>A network namespace of Linux that we made. Sockets and processes made inside <see cref="Run{T}"/> belong to it wherever they are used later.</summary>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    private const int CloneNewNet = 0x4000_0000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private NetworkNamespace(string name) => Name = name;

    public string Name { get; }

    public static async Task<NetworkNamespace> CreateAsync(string name)
    {
        await ChildProcess.RunAsync("ip", ["netns", "add", name], Deadline);
        var made = new NetworkNamespace(name);
        try
        {
            await made.ExecuteAsync("ip", "link", "set", "lo", "up");
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    public Task ExecuteAsync(params string[] command) => ChildProcess.RunAsync("ip", ["netns", "exec", Name, .. command], Deadline);

    /// <summary>Runs on a thread of its own, which enters the namespace and ends in it.</summary>
    public T Run<T>(Func<T> make)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle($"/run/netns/{Name}");
                if (SetNamespace(handle, CloneNewNet) != 0)
                {
                    throw new InvalidOperationException($"Entering the network namespace {Name} failed: {Marshal.GetLastPInvokeErrorMessage()}. It needs root.");
                }

                result = make();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return result;
    }

    public async ValueTask DisposeAsync() => await ChildProcess.RunAsync("ip", ["netns", "delete", Name], Deadline);

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static extern int SetNamespace(SafeHandle handle, int kind);
}
