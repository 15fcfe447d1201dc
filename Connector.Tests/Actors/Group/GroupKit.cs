using System.Net;
using Connector.Actors.Group;
using Connector.Tests.Processes;
using Connector.Tests.Server.Hosting;

namespace Connector.Tests.Actors.Group;

/// <summary>Replicas of one connector in this process, each with its own actor systems and remoting port, and a real control plane. Owns them.</summary>
internal sealed class GroupKit : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private const string Opened = ": control session opened by ";

    private readonly List<GroupReplica> replicas = [];
    // All replicas share one process with other tests: it may stand still for longer than a real one does.
    private static readonly GroupTiming Timing = GroupTiming.Default with { AcceptablePause = TimeSpan.FromSeconds(4) };

    private readonly GroupTiming timing;

    private GroupKit(ControlPlaneFixture server, IReadOnlyList<GroupPeer> peers, GroupTiming timing)
    {
        Server = server;
        Peers = peers;
        this.timing = timing;
    }

    public ControlPlaneFixture Server { get; }

    public IReadOnlyList<GroupPeer> Peers { get; }

    public IReadOnlyList<GroupReplica> Replicas => replicas;

    public IEnumerable<GroupReplica> Living => replicas.Where(replica => replica.IsAlive);

    public IEnumerable<GroupReplica> Leaders => Living.Where(replica => replica.Status?.Role == GroupRole.Leader);

    public IEnumerable<GroupReplica> Others(GroupReplica one) => Living.Where(replica => replica != one);

    /// <summary>Starts the replicas and returns when they are one group with a control session.</summary>
    public static async Task<GroupKit> StartAsync(int count, GroupTiming? timing = null)
    {
        var kit = await PrepareAsync(count, timing);
        for (var i = 0; i < count; i++)
            kit.Start(i);
        await kit.IsOneGroupAsync(count);
        return kit;
    }

    /// <summary>Starts the control plane only.</summary>
    public static async Task<GroupKit> PrepareAsync(int count, GroupTiming? timing = null)
        => new(
            await ControlPlaneFixture.StartAsync(),
            [.. Enumerable.Range(0, count).Select(_ => new GroupPeer(IPAddress.Loopback.ToString(), FreePorts.Take()))],
            timing ?? Timing);

    public GroupReplica Start(int number)
    {
        var replica = GroupReplica.Start(number, Peers[number], Peers, Server, timing);
        replicas.Add(replica);
        return replica;
    }

    public async Task IsOneGroupAsync(int count)
    {
        await BecomesAsync(
            () => Leaders.Count() == 1 && Living.Count(replica => replica.Status?.Members.Length == count) == count, $"{count} replicas are one group");
        await IsOnlineAsync();
    }

    public Task BecomesAsync(Func<bool> condition, string what) => BecomesAsync(() => Task.FromResult(condition()), what);

    /// <summary>Waits; a failure shows what each replica was and logged.</summary>
    public async Task BecomesAsync(Func<Task<bool>> condition, string what)
    {
        try
        {
            await Eventually.IsTrueAsync(condition, what, CancellationToken.None, Patience);
        }
        catch (TimeoutException e)
        {
            var session = await Server.SessionAsync();
            throw new TimeoutException(
                $"{e.Message}\ncontrol plane: {session.State}, epoch {session.Epoch}, leader {session.Leader}\n{string.Join('\n', Server.Log.Lines.TakeLast(40))}\n"
                + string.Join('\n', replicas.Select(replica => $"-- {replica.Id} {replica.Self}: {replica.Status} {replica.Session}\n{string.Join('\n', replica.Log.TakeLast(40))}")),
                e);
        }
    }

    public Task IsOnlineAsync()
        => BecomesAsync(
            async () => (await Server.SessionAsync()) is { State: "online" } session && Leaders.SingleOrDefault() is { } leader && session.Leader == leader.Id,
            "the leader holds the control session");

    public bool ControlPlaneAway
    {
        set
        {
            foreach (var replica in replicas)
                replica.ControlPlane.Away = value;
        }
    }

    /// <summary>Control sessions so far, by the control plane's own records.</summary>
    public int SessionsOpened => Server.Log.Lines.Count(line => line.Contains(Opened, StringComparison.Ordinal));

    /// <summary>Cuts one replica off from all others, both ways.</summary>
    public async Task CutAllAsync(GroupReplica one)
    {
        foreach (var other in Others(one))
        {
            await one.CutAsync(other.Self);
            await other.CutAsync(one.Self);
        }
    }

    public async Task HealAllAsync(GroupReplica one)
    {
        foreach (var other in Others(one))
        {
            await one.HealAsync(other.Self);
            await other.HealAsync(one.Self);
        }
    }

    /// <summary>By the control plane's own records: each session was over before the next began.</summary>
    public void AssertNeverTwoSessions()
    {
        var live = 0;
        foreach (var line in Server.Log.Lines)
        {
            if (line.Contains(Opened, StringComparison.Ordinal))
                Assert.Equal(1, ++live);
            else if (line.Contains(": control session of ", StringComparison.Ordinal) && (line.Contains(" ended, ", StringComparison.Ordinal) || line.Contains(" was fenced, ", StringComparison.Ordinal)))
                live--;
        }

        Assert.InRange(live, 0, 1);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(replicas.Where(replica => replica.IsAlive).Select(replica => replica.DisposeAsync().AsTask()));
        await Server.DisposeAsync();
    }
}
