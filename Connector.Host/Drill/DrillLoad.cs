using System.Collections.Immutable;

namespace Connector.Host.Drill;

/// <summary>Real users of the sockets: so many new connections a second, and long streams that are opened again when they end.</summary>
internal sealed class DrillLoad(ImmutableArray<LoadTarget> targets, int rate, int streams, DrillLedger ledger) : IAsyncDisposable
{
    // Beyond it the edge does not keep up, and more would only show that the machine does not either.
    private const int MostPending = 2_000;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource[] renewals = new CancellationTokenSource[streams];
    private readonly List<Task> running = [];
    private int pending;
    private int turn;

    public void Start()
    {
        running.Add(Task.Run(OpenAsync));
        for (var slot = 0; slot < streams; slot++)
        {
            renewals[slot] = new CancellationTokenSource();
            var number = slot;
            running.Add(Task.Run(() => KeepStreamAsync(number)));
        }
    }

    /// <summary>Ends each long stream as its user would, one after the other, and opens another in its place.</summary>
    public async Task RenewAsync(TimeSpan over, CancellationToken cancellationToken)
    {
        for (var slot = 0; slot < streams; slot++)
        {
            await Interlocked.Exchange(ref renewals[slot], new CancellationTokenSource()).CancelAsync().ConfigureAwait(false);
            await Task.Delay(over / streams, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(false);

        // The sources are not disposed of: connections that are just ending may still look at their tokens.
    }

    private async Task OpenAsync()
    {
        var (began, due) = (ledger.Now, 0L);
        using var clock = new PeriodicTimer(Tick);
        while (!stopping.IsCancellationRequested)
        {
            for (var wanted = (long)((ledger.Now - began).TotalSeconds * rate); due < wanted; due++)
            {
                // A drill that was frozen itself does not make up for all of it.
                due = Math.Max(due, wanted - rate);
                if (Volatile.Read(ref pending) < MostPending)
                {
                    Interlocked.Increment(ref pending);
                    _ = OpenOnceAsync();
                }
                else
                {
                    ledger.Opened(ledger.Now, $"{MostPending} connections wait to be served already");
                }
            }

            await clock.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task OpenOnceAsync()
    {
        var at = ledger.Now;
        try
        {
            using var connection = await LoadConnection.OpenAsync(Next(), stays: false, stopping.Token).ConfigureAwait(false);
            ledger.Opened(at, null);
        }
        catch (IOException failure)
        {
            ledger.Opened(at, failure.Message);
        }
        catch (OperationCanceledException)
        {
            // The drill ends.
        }
        finally
        {
            Interlocked.Decrement(ref pending);
        }
    }

    private async Task KeepStreamAsync(int slot)
    {
        while (!stopping.IsCancellationRequested)
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, Volatile.Read(ref renewals[slot]).Token);
            try
            {
                using var connection = await LoadConnection.OpenAsync(Next(), stays: true, end.Token).ConfigureAwait(false);
                ledger.StreamBegan();
                try
                {
                    if (await connection.UseAsync(Pace, end.Token).ConfigureAwait(false) is { } lost)
                    {
                        ledger.Lost(lost);
                    }
                }
                finally
                {
                    ledger.StreamEnded();
                }
            }
            catch (IOException)
            {
                // Failures to open are counted by those who only open.
                await Task.Delay(Again).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Renewed, or the drill ends.
            }
        }
    }

    private LoadTarget Next() => targets[(int)((uint)Interlocked.Increment(ref turn) % (uint)targets.Length)];
}
