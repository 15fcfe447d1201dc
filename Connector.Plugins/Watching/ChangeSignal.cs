using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Connector.Plugins.Watching;

/// <summary>Makes one change out of many: things seldom come alone, and each change asks for a scan. Holds one at most; what comes on top is part of it.</summary>
internal sealed class ChangeSignal(TimeProvider time)
{
    // A new container must show within two seconds of its start.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(300);

    private readonly Channel<string> first = Channel.CreateBounded<string>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Tell(string what) => first.Writer.TryWrite(what);

    /// <param name="failure">Null when the source has ended the watch in good order.</param>
    public void End(Exception? failure) => first.Writer.TryComplete(failure);

    public async IAsyncEnumerable<SourceChanged> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await first.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            await Task.Delay(Gathering, time, cancellationToken).ConfigureAwait(false);
            if (first.Reader.TryRead(out var what))
            {
                yield return new SourceChanged(what);
            }
        }
    }
}
