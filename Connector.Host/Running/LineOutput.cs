using System.Threading.Channels;

namespace Connector.Host.Running;

/// <summary>
/// Lines of several speakers on one output, one at a time. An output that nobody reads stops none of them: what does not fit is dropped, newest first.
/// </summary>
internal sealed class LineOutput : IAsyncDisposable
{
    private const int MostWaiting = 10_000;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly Channel<string> lines = Channel.CreateBounded<string>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly Task writing;

    public LineOutput(TextWriter output) => writing = Task.Run(() => WriteAsync(output));

    public void Say(string line) => lines.Writer.TryWrite(line);

    public async ValueTask DisposeAsync()
    {
        lines.Writer.TryComplete();
        await Task.WhenAny(writing, Task.Delay(LastWords)).ConfigureAwait(false);
    }

    private async Task WriteAsync(TextWriter output)
    {
        await foreach (var line in lines.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            await output.WriteLineAsync(line).ConfigureAwait(false);
        }
    }
}
