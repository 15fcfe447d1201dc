using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Connector.Plugins.Network;

/// <summary>Names of addresses, as far as the name server says them soon: the resolver of the system cannot be cancelled.</summary>
internal sealed class ReverseNames(TimeProvider time)
{
    private const int AtOnce = 8;
    private const int MostNames = 10;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LimitOfAll = TimeSpan.FromSeconds(10);

    /// <returns>Of the addresses that have names; and whether all were asked for.</returns>
    public async Task<(IReadOnlyDictionary<IPAddress, ImmutableArray<string>> Names, bool IsWhole)> OfAsync(
        IReadOnlyCollection<IPAddress> addresses, CancellationToken cancellationToken)
    {
        var names = new ConcurrentDictionary<IPAddress, ImmutableArray<string>>();
        var late = 0;
        using var limit = new TimeLimit(LimitOfAll, time, cancellationToken);
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = limit.Token };
            await Parallel.ForEachAsync(addresses, options, async (address, token) =>
            {
                // A name server that does not answer would hold a thread for each question.
                if (Volatile.Read(ref late) < AtOnce && !await TryAddAsync(address, names, token).ConfigureAwait(false))
                {
                    Interlocked.Increment(ref late);
                }
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsExceeded)
        {
            late++;
        }

        return (names, late == 0);
    }

    private async Task<bool> TryAddAsync(IPAddress address, ConcurrentDictionary<IPAddress, ImmutableArray<string>> names, CancellationToken cancellationToken)
    {
        try
        {
            var entry = await Task.Run(() => Dns.GetHostEntryAsync(address), cancellationToken).WaitAsync(Limit, time, cancellationToken).ConfigureAwait(false);
            ImmutableArray<string> found =
            [
                .. new[] { entry.HostName }.Concat(entry.Aliases)
                    .Where(static name => !string.IsNullOrEmpty(name) && !IPAddress.TryParse(name, out _)).Distinct(StringComparer.OrdinalIgnoreCase).Take(MostNames),
            ];
            if (!found.IsEmpty)
            {
                names[address] = found;
            }

            return true;
        }
        catch (SocketException)
        {
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
