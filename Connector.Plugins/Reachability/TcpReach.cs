using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Connector.Plugins.Reachability;

/// <summary>Whether something accepts a TCP connection from here, now. Lives for one scan: each asks anew, and asks each address once.</summary>
internal sealed class TcpReach(TimeProvider time, Func<IPAddress, string?> forbids) : IDisposable
{
    private const int InFlight = 256;

    // Resolving a name blocks a thread of the pool for as long as the name servers are silent.
    private const int ResolvingInFlight = 16;
    private const int MostAddresses = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ResolvingPatience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim slots = new(OpenFiles.Share(InFlight));
    private readonly SemaphoreSlim resolving = new(ResolvingInFlight, ResolvingInFlight);
    private readonly ConcurrentDictionary<string, Task<bool>> asked = new(StringComparer.Ordinal);

    /// <param name="host">Address or name.</param>
    /// <returns>True when one of the ports accepts. False also when the name is not known, or what it means may not be dialled.</returns>
    public async Task<bool> AnyAsync(string host, IReadOnlyCollection<int> ports, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(host, out var address) ? [address] : await ResolveAsync(host, cancellationToken).ConfigureAwait(false);
        var answers = addresses.Where(one => forbids(one) is null).Take(MostAddresses).Select(one => AskAsync(one, ports, cancellationToken)).ToList();
        var any = (await Task.WhenAll(answers).ConfigureAwait(false)).Contains(true);
        cancellationToken.ThrowIfCancellationRequested();
        return any;
    }

    // The semaphores have no handles to give back, and probes that were given up may still release them.
    public void Dispose() => asked.Clear();

    private Task<bool> AskAsync(IPAddress address, IReadOnlyCollection<int> ports, CancellationToken cancellationToken)
        => asked.GetOrAdd($"{address} {string.Join(' ', ports)}", _ => FirstAsync(address, ports, cancellationToken));

    private async Task<bool> FirstAsync(IPAddress address, IReadOnlyCollection<int> ports, CancellationToken cancellationToken)
    {
        using var found = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var probes = ports.Select(port => AcceptsAsync(address, port, found.Token)).ToList();
        var any = false;
        await foreach (var probe in Task.WhenEach(probes).ConfigureAwait(false))
        {
            if (await probe.ConfigureAwait(false))
            {
                any = true;
                await found.CancelAsync().ConfigureAwait(false);
            }
        }

        return any;
    }

    private async Task<bool> AcceptsAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        try
        {
            await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        try
        {
            using var limit = new TimeLimit(Patience, time, cancellationToken);
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, port, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            return false;
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (Uri.CheckHostName(host) != UriHostNameType.Dns)
        {
            return [];
        }

        await resolving.WaitAsync(cancellationToken).ConfigureAwait(false);
        var answer = Task.Run(() => Dns.GetHostAddressesAsync(host, cancellationToken), CancellationToken.None);
        _ = answer.ContinueWith(
            done =>
            {
                _ = done.Exception;
                resolving.Release();
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            return await answer.WaitAsync(ResolvingPatience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SocketException or TimeoutException or ArgumentException)
        {
            return [];
        }
    }
}
