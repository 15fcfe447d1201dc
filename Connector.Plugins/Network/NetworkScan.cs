using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Connector.Plugins.Network;

/// <summary>
/// Tries all addresses and ports of one target, one after the other as the budget gives them. Only what is being tried takes memory: what waits for the budget
/// is a place in the sequence.
/// </summary>
/// <param name="open">A socket of the address's family; throws SocketException.</param>
internal sealed class NetworkScan(
    ProbeSequence probes,
    ProbeBudget budget,
    string? hostName,
    Func<IPAddress, string?> forbids,
    LocalNetworks here,
    Func<AddressFamily, Socket> open,
    TimeProvider time,
    Action<long, int>? progress)
{
    /// <summary>A network in which everything answers is no network of services.</summary>
    public const int MostFound = 20_000;

    private const int TriesForSocket = 20;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PauseForSocket = TimeSpan.FromMilliseconds(100);

    // Far below the time without progress after which a scan is taken for stuck.
    private static readonly TimeSpan WaitingInterval = TimeSpan.FromSeconds(30);

    private readonly ProbeShare share = budget.Share();
    private readonly Lock gate = new();
    private readonly List<(IPEndPoint At, string Type)> found = [];
    private readonly long[] obstacles = new long[Enum.GetValues<ProbeObstacle>().Length];
    private readonly Stack<Worker> idle = [];
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int workers;
    private long done;
    private long given;
    private long told = time.GetTimestamp();
    private string? rule;
    private Exception? defect;

    // The one that hands out the work counts as well.
    private int working = 1;

    /// <summary>In no order.</summary>
    public IReadOnlyList<(IPEndPoint At, string Type)> Found => found;

    public bool IsFull => found.Count >= MostFound;

    /// <summary>A rule by which addresses were left out; null when none were.</summary>
    public string? Rule => rule;

    /// <summary>Most that were busy at once.</summary>
    public int Workers => workers;

    public long Count(ProbeObstacle obstacle) => Interlocked.Read(ref obstacles[(int)obstacle]);

    /// <summary>Once.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var waiting = time.CreateTimer(static scan => ((NetworkScan)scan!).TellOfOthers(), this, WaitingInterval, WaitingInterval);
        try
        {
            await HandOutAsync(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        catch (Exception failure)
        {
            await FailAsync(failure, stopping).ConfigureAwait(false);
        }

        End();
        await ended.Task.ConfigureAwait(false);
        foreach (var worker in idle)
        {
            worker.Dispose();
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (defect is not null)
        {
            ExceptionDispatchInfo.Throw(defect);
        }
    }

    private async Task HandOutAsync(CancellationTokenSource stopping)
    {
        while (probes.TryNext(out var at))
        {
            stopping.Token.ThrowIfCancellationRequested();
            if (forbids(at.Address) is { } forbidding)
            {
                rule ??= forbidding;
                Note(ProbeObstacle.Forbidden);
                Done();
                continue;
            }

            await share.TakeWithSlotAsync(stopping.Token).ConfigureAwait(false);
            Interlocked.Increment(ref working);
            TakeWorker(stopping).Begin(at);
        }
    }

    // That others are served is progress as well: our turn comes.
    private void TellOfOthers()
    {
        if (budget.Given is var now && now != Interlocked.Exchange(ref given, now))
        {
            Tell(Interlocked.Read(ref done));
        }
    }

    private async Task WorkAsync(Worker worker, IPEndPoint at, CancellationTokenSource stopping)
    {
        try
        {
            await ProbeAsync(at, worker, stopping.Token).ConfigureAwait(false);
            Done();
            if (IsFull)
            {
                await stopping.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        catch (Exception failure)
        {
            await FailAsync(failure, stopping).ConfigureAwait(false);
        }

        lock (gate)
        {
            idle.Push(worker);
        }

        share.ReturnSlot();
        End();
    }

    // Most attempts wait once: what they need for that is used again.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ProbeAsync(IPEndPoint at, Worker worker, CancellationToken cancellationToken)
    {
        var (socket, obstacle) = await SocketAsync(at.Address, cancellationToken).ConfigureAwait(false);
        if (socket is null)
        {
            Note(obstacle);
            return;
        }

        var error = await worker.Connector.ConnectAsync(socket, at).ConfigureAwait(false);
        if (error != SocketError.Success)
        {
            socket.Dispose();
            Note(ProbeObstacles.Of(error, at.Address, here));
            return;
        }

        if (await worker.Service.IdentifyAsync(socket, at, cancellationToken).ConfigureAwait(false) is { } type)
        {
            lock (gate)
            {
                found.Add((at, type));
            }
        }
    }

    private async Task<Socket?> ConnectAgainAsync(IPEndPoint at, CancellationToken cancellationToken)
    {
        await share.TakeAsync(cancellationToken).ConfigureAwait(false);
        if (await SocketAsync(at.Address, cancellationToken).ConfigureAwait(false) is not { Socket: { } socket })
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

    // The process has only so many, and others need them as well. What the machine cannot do at all is not tried again.
    private async ValueTask<(Socket? Socket, ProbeObstacle Obstacle)> SocketAsync(IPAddress address, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (open(address.AddressFamily), ProbeObstacle.None);
            }
            catch (SocketException failure)
            {
                var obstacle = ProbeObstacles.Of(failure.SocketErrorCode, address, here);
                obstacle = obstacle == ProbeObstacle.None ? ProbeObstacle.NoSocket : obstacle;
                if (obstacle != ProbeObstacle.NoSocket || attempt >= TriesForSocket)
                {
                    return (null, obstacle);
                }
            }

            await Task.Delay(PauseForSocket, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private Worker TakeWorker(CancellationTokenSource stopping)
    {
        lock (gate)
        {
            if (idle.TryPop(out var rested))
            {
                return rested;
            }

            workers++;
        }

        return new Worker(this, new TcpConnector(time), new ServiceProbe(ConnectAgainAsync, hostName, time), stopping);
    }

    private void Note(ProbeObstacle obstacle) => Interlocked.Increment(ref obstacles[(int)obstacle]);

    private void Done()
    {
        var count = Interlocked.Increment(ref done);
        if (time.GetElapsedTime(Interlocked.Read(ref told)) >= ProgressInterval)
        {
            Tell(count);
        }
    }

    private void Tell(long count)
    {
        lock (gate)
        {
            if (time.GetElapsedTime(told) >= ProgressInterval)
            {
                Interlocked.Exchange(ref told, time.GetTimestamp());
                progress?.Invoke(count, found.Count);
            }
        }
    }

    private async Task FailAsync(Exception failure, CancellationTokenSource stopping)
    {
        Interlocked.CompareExchange(ref defect, failure, null);
        await stopping.CancelAsync().ConfigureAwait(false);
    }

    private void End()
    {
        if (Interlocked.Decrement(ref working) == 0)
        {
            ended.TrySetResult();
        }
    }

    /// <summary>Tries one address and port at a time. Kept for the next one: most fail, and should cost little.</summary>
    private sealed class Worker : IThreadPoolWorkItem, IDisposable
    {
        private readonly NetworkScan scan;
        private readonly CancellationTokenSource stopping;
        private readonly CancellationTokenRegistration abort;
        private IPEndPoint? next;

        public Worker(NetworkScan scan, TcpConnector connector, ServiceProbe service, CancellationTokenSource stopping)
        {
            (this.scan, Connector, Service, this.stopping) = (scan, connector, service, stopping);
            abort = stopping.Token.UnsafeRegister(static state => ((TcpConnector)state!).Abort(), Connector);
        }

        public TcpConnector Connector { get; }

        public ServiceProbe Service { get; }

        public void Begin(IPEndPoint at)
        {
            next = at;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        // It never throws: what goes wrong is the scan's failure.
        public void Execute() => _ = scan.WorkAsync(this, next!, stopping);

        public void Dispose()
        {
            abort.Dispose();
            Connector.Dispose();
        }
    }
}
