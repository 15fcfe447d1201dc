using Connector.Protocol.Ids;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Feed.Following;

/// <summary>Holds the newest state of an edge: in force, and on the disk a moment later. Thread-safe.</summary>
internal sealed partial class StateKeeper(RemoteFeedOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>So often is it written that the newest state still is the newest: a process that is killed looks older by so much at its next start.</summary>
    private static readonly TimeSpan ConfirmInterval = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly EdgeStateFile file = new(options.DataDirectory);
    private EdgeState? newest;
    private EdgeState? inForce;
    private DateTimeOffset confirmedAt;
    private DesiredStateVersion? applied;
    private bool closed;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Of what the file has; null: to be written.
    private (EdgeState State, DateTimeOffset ConfirmedAt)? written;
    private bool writeFailed;

    /// <summary>What the edge should do now, and what completes when that has changed. Null: nothing is known.</summary>
    public (EdgeState? State, Task Next) InForce
    {
        get
        {
            lock (gate)
            {
                return (inForce, changed.Task);
            }
        }
    }

    public DesiredStateVersion? Version
    {
        get
        {
            lock (gate)
            {
                return newest?.Version;
            }
        }
    }

    /// <summary>The state that the edge said it has applied.</summary>
    public DesiredStateVersion? AppliedVersion
    {
        get
        {
            lock (gate)
            {
                return applied;
            }
        }
    }

    /// <summary>Reads the state of an earlier run. Null when there is none that can be used.</summary>
    /// <exception cref="FeedStartException">It is another edge's, or cannot be read.</exception>
    public EdgeStateFile.Kept? Restore()
    {
        EdgeStateFile.Kept? kept;
        try
        {
            kept = file.Read();
        }
        catch (InvalidDataException exception)
        {
            LogDamaged(exception.Message);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FeedStartException($"the state of an earlier run in {file.Path} cannot be read: {exception.Message}. Make it readable, or name another --data-dir", exception);
        }

        if (kept is null)
        {
            return null;
        }

        if (kept.EdgeId != options.EdgeId || kept.OrganizationId != options.OrganizationId)
        {
            throw new FeedStartException(
                $"the data directory {options.DataDirectory} holds the state of edge {kept.EdgeId}, but the credential is of edge {options.EdgeId}"
                + (kept.OrganizationId == options.OrganizationId ? "" : " of another control plane")
                + ". Use that edge's credential, name another --data-dir, or delete the directory");
        }

        lock (gate)
        {
            (newest, inForce, confirmedAt, written) = (kept.State, kept.State, kept.ConfirmedAt, (kept.State, kept.ConfirmedAt));
        }

        return kept;
    }

    /// <summary>Whether a whole state may take the place of what is known: within one incarnation it must not be older.</summary>
    public bool Accepts(DesiredStateVersion version)
    {
        lock (gate)
        {
            return newest is null || Edge.EdgeStateDifference.Follows(version, newest.Version);
        }
    }

    public void Take(EdgeState state)
    {
        TaskCompletionSource done;
        lock (gate)
        {
            (newest, inForce, confirmedAt, closed) = (state, state, time.GetUtcNow(), false);
            (done, changed) = (changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        done.TrySetResult();
    }

    /// <summary>The control plane is there, and what is known is its newest.</summary>
    public void Confirm()
    {
        lock (gate)
        {
            confirmedAt = time.GetUtcNow();
        }
    }

    public void Applied(DesiredStateVersion version)
    {
        lock (gate)
        {
            applied = closed ? null : version;
        }
    }

    /// <summary>What is known is too old: nobody may do anything by it.</summary>
    public void Close() => Switch(close: true);

    /// <summary>What is known counts again.</summary>
    public void Open() => Switch(close: false);

    /// <summary>Writes what is new until the token ends; a slow disk skips what was overtaken.</summary>
    public async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            Task next;
            lock (gate)
            {
                next = changed.Task;
            }

            var good = WriteNow();
            try
            {
                await next.WaitAsync(good ? ConfirmInterval : RetryDelay, time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Once more: to confirm, or because the disk refused.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <returns>False when it could not be written.</returns>
    public bool WriteNow()
    {
        EdgeState state;
        DateTimeOffset confirmed;
        lock (gate)
        {
            if (newest is null || written == (newest, confirmedAt))
            {
                return true;
            }

            (state, confirmed) = (newest, confirmedAt);
        }

        try
        {
            file.Write(new EdgeStateFile.Kept(options.EdgeId, options.OrganizationId, state, confirmed));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!writeFailed)
            {
                writeFailed = true;
                LogNotWritten(file.Path, exception.Message);
            }

            return false;
        }

        writeFailed = false;
        lock (gate)
        {
            written = (state, confirmed);
        }

        return true;
    }

    private void Switch(bool close)
    {
        TaskCompletionSource done;
        lock (gate)
        {
            if (closed == close)
            {
                return;
            }

            closed = close;

            // Of no incarnation, so that it may follow any state and any state may follow it.
            inForce = close ? new EdgeState(DesiredStateVersion.None, [], [], [], []) : newest;
            (done, changed) = (changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        done.TrySetResult();
    }

    [LoggerMessage(LogLevel.Error, "{Problem}; nobody is served until the control plane is reached")]
    private partial void LogDamaged(string problem);

    [LoggerMessage(LogLevel.Error, "the state could not be written to {Path}: {Reason}; it is in force all the same, but a restart would go back to the one before. Trying again")]
    private partial void LogNotWritten(string path, string reason);
}
