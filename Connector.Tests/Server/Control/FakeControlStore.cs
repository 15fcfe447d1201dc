using System.Collections.Concurrent;
using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Store;

namespace Connector.Tests.Server.Control;

/// <summary>A control store in memory, with the epoch rule of the real one. Calls can be held up or made to fail.</summary>
internal sealed class FakeControlStore : IControlStore
{
    private readonly Lock sync = new();
    private readonly Dictionary<ConnectorId, SessionEpoch> epochs = [];
    private readonly Dictionary<ConnectorId, GroupBootId?> holders = [];
    private readonly Dictionary<ConnectorId, GroupRecord> groups = [];
    private readonly Dictionary<ConnectorId, ConnectorDesiredState> desired = [];
    private readonly Dictionary<string, TokenStanding> tokens = [];
    private readonly Dictionary<ConnectorId, List<LogRecord>> logs = [];

    private readonly Dictionary<(ReplicaId, BootId), long> sequences = [];

    public ConcurrentQueue<string> Metadata { get; } = new();

    public int Reads;

    /// <summary>Awaited before each read of desired state.</summary>
    public Func<Task> BeforeRead { get; set; } = () => Task.CompletedTask;

    /// <summary>Awaited before each write of log records.</summary>
    public Func<Task> BeforeAppend { get; set; } = () => Task.CompletedTask;

    public Func<Task> BeforeRaise { get; set; } = () => Task.CompletedTask;

    /// <summary>Awaited before each decision about a group.</summary>
    public Func<Task> BeforeDecide { get; set; } = () => Task.CompletedTask;

    /// <summary>Awaited before each check of a token.</summary>
    public Func<Task> BeforeCheck { get; set; } = () => Task.CompletedTask;

    public Func<Task> BeforeNote { get; set; } = () => Task.CompletedTask;

    public void SetEpoch(ConnectorId connectorId, long epoch)
    {
        lock (sync)
        {
            epochs[connectorId] = new SessionEpoch(epoch);
        }
    }

    public void SetToken(string tokenId, TokenStanding standing)
    {
        lock (sync)
        {
            tokens[tokenId] = standing;
        }
    }

    public void SetDesired(ConnectorId connectorId, ConnectorDesiredState? state)
    {
        lock (sync)
        {
            if (state is null)
            {
                desired.Remove(connectorId);
            }
            else
            {
                desired[connectorId] = state;
            }
        }
    }

    public ImmutableArray<LogRecord> Logs(ConnectorId connectorId)
    {
        lock (sync)
        {
            return [.. logs.GetValueOrDefault(connectorId) ?? []];
        }
    }

    public async Task<TokenStanding> CheckTokenAsync(ConnectorId connectorId, string tokenId, CancellationToken cancellationToken)
    {
        await BeforeCheck();
        lock (sync)
        {
            return tokens.GetValueOrDefault(tokenId, TokenStanding.UnknownToken);
        }
    }

    public Task<SessionEpoch> ReadEpochAsync(ConnectorId connectorId, CancellationToken cancellationToken)
    {
        lock (sync)
        {
            return Task.FromResult(epochs.GetValueOrDefault(connectorId));
        }
    }

    public async Task<SessionEpoch> RaiseEpochAsync(ConnectorId connectorId, SessionEpoch expected, GroupBootId? claimer, CancellationToken cancellationToken)
    {
        await BeforeRaise();
        lock (sync)
        {
            if (claimer is { } member && Group(connectorId) is var group && group.IsRemoved(member))
            {
                throw new RemovedFromGroupException(connectorId, member, group);
            }

            var stored = epochs.GetValueOrDefault(connectorId);
            if (stored != expected)
            {
                throw new StaleEpochException(connectorId, stored, expected);
            }

            holders[connectorId] = claimer;
            return epochs[connectorId] = new SessionEpoch(stored.Value + 1);
        }
    }

    public GroupRecord Group(ConnectorId connectorId)
    {
        lock (sync)
        {
            return groups.GetValueOrDefault(connectorId, GroupRecord.None);
        }
    }

    public void SetGroup(ConnectorId connectorId, GroupRecord record)
    {
        lock (sync)
        {
            groups[connectorId] = record;
        }
    }

    public Task<GroupRecord> ReadGroupAsync(ConnectorId connectorId, CancellationToken cancellationToken) => Task.FromResult(Group(connectorId));

    public async Task<GroupCommit> DecideGroupAsync(ConnectorId connectorId, long expected, GroupRecord decided, CancellationToken cancellationToken)
    {
        await BeforeDecide();
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(decided.Generation, expected);
        lock (sync)
        {
            var stored = Group(connectorId);
            if (stored.Generation != expected)
            {
                throw new StaleGenerationException(connectorId, stored, expected);
            }

            groups[connectorId] = decided;
            var fenced = holders.GetValueOrDefault(connectorId) is { } holder && decided.IsRemoved(holder);
            if (fenced)
            {
                holders[connectorId] = null;
                epochs[connectorId] = new SessionEpoch(epochs[connectorId].Value + 1);
            }

            return new GroupCommit(epochs.GetValueOrDefault(connectorId), fenced);
        }
    }

    public async Task<bool> NoteGroupMembersAsync(
        ConnectorId connectorId, long generation, ImmutableArray<GroupRecordMember> members, CancellationToken cancellationToken)
    {
        await BeforeNote();
        lock (sync)
        {
            var stored = Group(connectorId);
            if (stored.Generation != generation || !groups.ContainsKey(connectorId))
            {
                return false;
            }

            groups[connectorId] = stored with { Members = members };
            return true;
        }
    }

    public async Task<ConnectorDesiredState?> ReadDesiredStateAsync(ConnectorId connectorId, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref Reads);
        await BeforeRead();
        lock (sync)
        {
            return desired.GetValueOrDefault(connectorId);
        }
    }

    public async Task AppendLogsAsync(
        ConnectorId connectorId, SessionEpoch epoch, IReadOnlyList<LogRecord> records, LogPosition? position, CancellationToken cancellationToken)
    {
        await BeforeAppend();
        lock (sync)
        {
            if (epochs.GetValueOrDefault(connectorId) is var stored && stored.Value > epoch.Value)
            {
                throw new StaleEpochException(connectorId, stored, epoch);
            }

            if (position is not null)
            {
                var last = sequences.GetValueOrDefault((position.ReplicaId, position.BootId));
                if (position.Sequence <= last)
                {
                    return;
                }

                sequences[(position.ReplicaId, position.BootId)] = position.Sequence;
            }

            if (!logs.TryGetValue(connectorId, out var list))
            {
                logs.Add(connectorId, list = []);
            }

            list.AddRange(records);
        }
    }

    public Task TouchAsync(ConnectorId connectorId, DateTimeOffset seenAt, string? metadataJson, CancellationToken cancellationToken)
    {
        if (metadataJson is not null)
        {
            Metadata.Enqueue(metadataJson);
        }

        return Task.CompletedTask;
    }
}
