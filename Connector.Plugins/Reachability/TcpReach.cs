using System.Net;
using System.Net.Sockets;

namespace Connector.Plugins.Reachability;

/// <summary>Whether something accepts a TCP connection from here, now. Nothing is remembered: each scan asks anew.</summary>
internal sealed class TcpReach(TimeProvider time)
{
    private const int InFlight = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim slots = new(InFlight, InFlight);

    /// <param name="host">Address or name.</param>
    /// <returns>True when one of the ports accepts. False also when the name is not known.</returns>
    public async Task<bool> AnyAsync(string host, IReadOnlyCollection<int> ports, CancellationToken cancellationToken)
    {
        using var found = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var probes = ports.Select(port => AcceptsAsync(host, port, found.Token)).ToList();
        var any = false;
        await foreach (var probe in Task.WhenEach(probes).ConfigureAwait(false))
        {
            if (await probe.ConfigureAwait(false))
            {
                any = true;
                await found.CancelAsync().ConfigureAwait(false);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return any;
    }

    private async Task<bool> AcceptsAsync(string host, int port, CancellationToken cancellationToken)
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
            using var patience = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            using var client = new TcpClient();
            if (IPAddress.TryParse(host, out var address))
            {
                await client.ConnectAsync(address, port, either.Token).ConfigureAwait(false);
            }
            else
            {
                await client.ConnectAsync(host, port, either.Token).ConfigureAwait(false);
            }

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
}
