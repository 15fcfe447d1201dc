using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Server.Feed.Wire;
using Google.Protobuf;

namespace Connector.Server.Feed.Following;

/// <summary>What is said and heard on one stream, until it ends. Of one stream.</summary>
/// <param name="followed">Called once, when the first state of this stream is in force.</param>
internal sealed class FeedSession(
    FeedStream stream, RemoteFeedOptions options, BootId bootId, StateKeeper keeper, FeedFreshness freshness, ReportOutbox outbox, TimeProvider time, Action followed)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan EndGrace = TimeSpan.FromSeconds(1);

    private readonly StateAssembler assembler = new();
    private long heardAt = time.GetTimestamp();
    private volatile bool welcomed;
    private volatile bool hasState;

    /// <summary>Returns or throws why it ended.</summary>
    /// <exception cref="FeedFailedException">The stream failed, or the control plane refused.</exception>
    public async Task<FeedFailure> RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await stream.SendAsync(Hello(), ending.Token).ConfigureAwait(false);
        outbox.Connected();
        var reading = ReadAllAsync(ending.Token);
        var sending = SendAllAsync(ending.Token);
        try
        {
            var first = await Task.WhenAny(reading, sending).ConfigureAwait(false);
            if (first == sending && sending.IsFaulted)
            {
                // A write that fails rarely knows why; the status does.
                await Task.WhenAny(reading, Task.Delay(EndGrace, time, ending.Token)).ConfigureAwait(false);
                first = reading.IsCompleted ? reading : first;
            }

            return await first.ConfigureAwait(false);
        }
        finally
        {
            outbox.Disconnected();
            await ending.CancelAsync().ConfigureAwait(false);
            stream.Dispose();
            await ((Task)Task.WhenAll(reading, sending)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private EdgeMessage Hello()
    {
        var hello = new EdgeHello { BootId = ByteString.CopyFrom(bootId.ToArray()), SoftwareVersion = options.SoftwareVersion, PublicHost = options.PublicHost };
        hello.TunnelAddresses.AddRange(options.TunnelAddresses);
        hello.CaPins.AddRange(options.CaPins);
        return new EdgeMessage { Hello = hello };
    }

    private async Task<FeedFailure> ReadAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await stream.ReceiveAsync(cancellationToken).ConfigureAwait(false) is { } message)
            {
                Interlocked.Exchange(ref heardAt, time.GetTimestamp());
                if (Take(message) is { } failure)
                {
                    return failure;
                }

                if (hasState)
                {
                    keeper.Confirm();
                    freshness.Heard(keeper.Version);
                }
            }

            return new FeedFailure(FeedFailureKind.Ended, "the control plane closed the feed");
        }
        catch (FeedProtocolException exception)
        {
            return new FeedFailure(FeedFailureKind.OutOfOrder, exception.Message);
        }
    }

    private FeedFailure? Take(FeedMessage message)
    {
        if (!welcomed && message.MessageCase != FeedMessage.MessageOneofCase.Welcome)
        {
            return new FeedFailure(FeedFailureKind.OutOfOrder, $"the control plane began with {message.MessageCase} instead of a welcome");
        }

        switch (message.MessageCase)
        {
            case FeedMessage.MessageOneofCase.Welcome when message.Welcome.EdgeId != options.EdgeId.Value || message.Welcome.OrganizationId != options.OrganizationId:
                return new FeedFailure(FeedFailureKind.OutOfOrder, $"the control plane takes this edge for edge {message.Welcome.EdgeId}, and it is {options.EdgeId}");
            case FeedMessage.MessageOneofCase.Welcome:
                welcomed = true;
                return null;
            case FeedMessage.MessageOneofCase.State:
                return Take(message.State);
            case FeedMessage.MessageOneofCase.Stored:
                outbox.Stored(message.Stored.Sequence);
                return null;
            default:
                // A heartbeat, or what a newer control plane says.
                return null;
        }
    }

    private FeedFailure? Take(StatePart part)
    {
        if (part.Base is null && StateAssembler.VersionOf(part.Version) is var version && !keeper.Accepts(version))
        {
            return new FeedFailure(
                FeedFailureKind.OutOfOrder,
                $"its state {version} is older than {keeper.Version}, which this edge has from the same store. Was the store put back by hand? Then delete this edge's "
                + $"{EdgeStateFile.FileName} and start it again");
        }

        if (assembler.Add(part) is { } state)
        {
            keeper.Take(state);
            outbox.Keep(state);
            if (!hasState)
            {
                hasState = true;
                followed();
            }
        }

        return null;
    }

    private async Task<FeedFailure> SendAllAsync(CancellationToken cancellationToken)
    {
        DesiredStateVersion? told = null;
        var saidAt = time.GetTimestamp();
        var checkedAt = saidAt;
        using var timer = new PeriodicTimer(Tick, time);
        do
        {
            // A check that comes late means that this process slept: then the silence is ours.
            var now = time.GetTimestamp();
            if (time.GetElapsedTime(checkedAt, now) > FeedBounds.StaleAfter)
            {
                Interlocked.Exchange(ref heardAt, now);
            }

            checkedAt = now;
            if (time.GetElapsedTime(Interlocked.Read(ref heardAt), now) is var silence && silence > FeedBounds.DeadAfter)
            {
                return new FeedFailure(FeedFailureKind.Ended, $"the control plane said nothing for {silence.TotalSeconds:0} s");
            }

            foreach (var message in Due(ref told, time.GetElapsedTime(saidAt, now)))
            {
                await stream.SendAsync(message, cancellationToken).ConfigureAwait(false);
                saidAt = time.GetTimestamp();
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        return new FeedFailure(FeedFailureKind.Ended, "stopped");
    }

    private List<EdgeMessage> Due(ref DesiredStateVersion? told, TimeSpan silent)
    {
        var due = new List<EdgeMessage>(2);
        if (welcomed && outbox.Next() is { } batch)
        {
            due.Add(new EdgeMessage { Reports = batch });
        }

        if (hasState && keeper.AppliedVersion is { } applied && applied != told && applied == keeper.Version)
        {
            told = applied;
            due.Add(new EdgeMessage { Applied = new StateApplied { Version = StateParts.Of(applied) } });
        }

        if (due.Count == 0 && silent >= FeedBounds.Heartbeat)
        {
            due.Add(new EdgeMessage { Heartbeat = new Heartbeat() });
        }

        return due;
    }
}
