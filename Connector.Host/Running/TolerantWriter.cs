using System.Text;

namespace Connector.Host.Running;

/// <summary>
/// Words for whoever reads them. A terminal that went away, a closed pipe or a full disk behind it takes the words and nothing else: what runs goes on, and
/// the exit code still tells how it ended.
/// </summary>
public sealed class TolerantWriter(TextWriter inner) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Try(() => inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    public override void Write(string? value) => Try(() => inner.Write(value));

    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    public override Task WriteAsync(string? value) => TryAsync(() => inner.WriteAsync(value));

    public override Task WriteLineAsync(string? value) => TryAsync(() => inner.WriteLineAsync(value));

    public override void Flush() => Try(inner.Flush);

    public override Task FlushAsync() => TryAsync(inner.FlushAsync);

    public override Task FlushAsync(CancellationToken cancellationToken) => TryAsync(() => inner.FlushAsync(cancellationToken));

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception failure) when (IsLoss(failure))
        {
            // See above.
        }
    }

    private static async Task TryAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (Exception failure) when (IsLoss(failure))
        {
            // See above.
        }
    }

    private static bool IsLoss(Exception failure) => failure is IOException or UnauthorizedAccessException or ObjectDisposedException;
}
