using System.Net;
using System.Net.Sockets;

namespace Connector.Plugins.Network;

/// <summary>Tries all addresses and ports of one target. As many workers as may try at once take one after the other from the sequence; nothing else is kept.</summary>
internal sealed class NetworkScan(ProbeSequence probes, ProbeBudget budget, string? hostName, TimeProvider time, Action<long, int>? progress)
{
    /// <summary>A network in which everything answers is no network of services.</summary>
    public const int MostFound = 20_000;

    private const int TriesForSocket = 20;
    private const int ProbesBetweenYields = 64;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PauseForSocket = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly List<(IPEndPoint At, string Type)> found = [];
    private long done;
    private long unreached;
    private long untried;
    private long told = time.GetTimestamp();

    /// <summary>In no order.</summary>
    public IReadOnlyList<(IPEndPoint At, string Type)> Found => found;

    /// <summary>To which this machine has no route.</summary>
    public long Unreached => unreached;

    /// <summary>For which this machine had no socket.</summary>
    public long Untried => untried;

    public bool IsFull => found.Count >= MostFound;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var workers = (int)Math.Min(budget.InFlight, probes.Total);
        var working = Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(stopping), CancellationToken.None)).ToList();
        await Task.WhenAll(working).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var one in working.Where(static one => one.IsFaulted))
        {
            await one.ConfigureAwait(false);
        }
    }

    private async Task WorkAsync(CancellationTokenSource stopping)
    {
        var cancellationToken = stopping.Token;
        using var connector = new TcpConnector(time);
        await using var abort = cancellationToken.UnsafeRegister(static state => ((TcpConnector)state!).Abort(), connector).ConfigureAwait(false);
        var service = new ServiceProbe(ConnectAgainAsync, hostName, time);
        try
        {
            for (var count = 1; probes.TryNext(out var at); count++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await budget.Slots.WaitAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    await ProbeAsync(at, connector, service, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    budget.Slots.Release();
                }

                Done();
                if (IsFull)
                {
                    await stopping.CancelAsync().ConfigureAwait(false);
                }

                // Refusals come at once: without this one worker would keep the thread from the others.
                if (count % ProbesBetweenYields == 0)
                {
                    await Task.Yield();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch
        {
            await stopping.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task ProbeAsync(IPEndPoint at, TcpConnector connector, ServiceProbe service, CancellationToken cancellationToken)
    {
        await budget.TakeAsync(cancellationToken).ConfigureAwait(false);
        if (await SocketAsync(at, cancellationToken).ConfigureAwait(false) is not { } socket)
        {
            Interlocked.Increment(ref untried);
            return;
        }

        var error = await connector.ConnectAsync(socket, at).ConfigureAwait(false);
        if (error != SocketError.Success)
        {
            socket.Dispose();
            if (error is SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.AddressFamilyNotSupported)
            {
                Interlocked.Increment(ref unreached);
            }
            else if (error is SocketError.NoBufferSpaceAvailable or SocketError.AddressNotAvailable)
            {
                Interlocked.Increment(ref untried);
            }

            return;
        }

        if (await service.IdentifyAsync(socket, at, cancellationToken).ConfigureAwait(false) is { } type)
        {
            lock (gate)
            {
                found.Add((at, type));
            }
        }
    }

    private async Task<Socket?> ConnectAgainAsync(IPEndPoint at, CancellationToken cancellationToken)
    {
        await budget.TakeAsync(cancellationToken).ConfigureAwait(false);
        if (await SocketAsync(at, cancellationToken).ConfigureAwait(false) is not { } socket)
        {
            return null;
        }

        using var limit = new TimeLimit(TcpConnector.Limit, time, cancellationToken);
        try
        {
            await socket.ConnectAsync(at, limit.Token).ConfigureAwait(false);
            return socket;
        }
        catch (Exception failure) when (failure is SocketException || limit.IsExceeded)
        {
            socket.Dispose();
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // The process has only so many, and others need them as well.
    private async Task<Socket?> SocketAsync(IPEndPoint at, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            }
            catch (SocketException) when (attempt < TriesForSocket)
            {
                await Task.Delay(PauseForSocket, time, cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                return null;
            }
        }
    }

    private void Done()
    {
        var count = Interlocked.Increment(ref done);
        if (progress is null || time.GetElapsedTime(Volatile.Read(ref told)) < ProgressInterval)
        {
            return;
        }

        lock (gate)
        {
            if (time.GetElapsedTime(told) >= ProgressInterval)
            {
                told = time.GetTimestamp();
                progress(count, found.Count);
            }
        }
    }
}
