using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>A program of another project that listens on loopback: its folder and its process, which go together.</summary>
internal abstract class LoopbackServer(string purpose) : IAsyncDisposable
{
    private ChildProcess? process;

    public int Port { get; private set; }

    public int ProcessId => Process.Id;

    /// <summary>What it wrote.</summary>
    public string Output => Process.Output;

    protected TemporaryFolder Folder { get; } = new(purpose);

    protected ChildProcess Process => process ?? throw new InvalidOperationException($"the server '{purpose}' was not started");

    public void Signal(UnixSignal signal) => Process.Signal(signal);

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        Folder.Dispose();
    }

    /// <summary>Gives the server when it answers. When it cannot be started, nothing of it is left.</summary>
    protected static async Task<T> BeginAsync<T>(T server, CancellationToken cancellation)
        where T : LoopbackServer
    {
        try
        {
            await server.PrepareAsync(cancellation);
            server.Port = FreePorts.Take();
            server.process = server.Launch();
            await LoopbackPort.WaitUntilAcceptingAsync(server.Port, server.process, cancellation);
            await server.WaitUntilAnsweringAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>What takes time before a port is taken.</summary>
    protected virtual Task PrepareAsync(CancellationToken cancellation) => Task.CompletedTask;

    protected abstract ChildProcess Launch();

    /// <summary>For one that accepts connections before it serves them.</summary>
    protected virtual Task WaitUntilAnsweringAsync(CancellationToken cancellation) => Task.CompletedTask;
}
