using System.Collections.Immutable;
using System.ComponentModel;
using System.Globalization;
using Connector.Host.Configuration;
using Connector.Host.Dev;
using Connector.Host.Errors;
using Connector.Host.Running;
using Connector.Protocol;

namespace Connector.Host.Drill;

/// <summary><c>connector drill</c>: real load on a running group, while its replicas are killed, frozen and drained one after the other.</summary>
internal sealed class DrillRun(DrillOptions options, HostEnvironment environment)
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    // What a step has set off may still be under way when all are healthy again.
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRenewal = TimeSpan.FromSeconds(5);

    // Streams of a killed replica wait for it that long, and what they hold is let go then.
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(60);

    private readonly DrillSource source = new(options, environment);

    public async Task<ExitCode> RunAsync(CancellationToken stopping)
    {
        if (!UnixSignals.AreThere)
        {
            throw new ConnectorError("Cannot drill here", "this system has no signals to freeze and drain processes with", "Run the drill on Linux or macOS", ExitCode.Usage);
        }

        var group = await source.ReplicasAsync(stopping);
        var connectorId = RequireGroup(group);
        var targets = await TargetsAsync(connectorId, stopping);
        var ledger = new DrillLedger(environment.Time);
        await using var watch = source.Api() is { } api ? new ControlWatch(api.Url, api.Token, connectorId, ledger) : null;
        await using var load = new DrillLoad(targets, options.Rate, options.Streams, ledger);
        await (watch?.Looked ?? Task.CompletedTask).WaitAsync(stopping);
        var atRest = await CensusAsync(ledger, stopping);
        await SayAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{group.Length} replicas, {options.Rate} new connections a second and {options.Streams} long streams over {string.Join(", ", targets.Select(static target => target.Name))}."));
        load.Start();
        await Task.Delay(Before, environment.Time, stopping);
        var before = RequireGoodLoad(ledger.Summary());

        var results = new List<DrillResult>();
        foreach (var step in DrillPlan.Steps(options.Events, group, options.Restarts, Random.Shared))
        {
            results.Add(await StepAsync(step, group, ledger, load, before.Slowest > DrillJudge.LongestOpen, stopping));
            await SayAsync(DrillReport.Line(results[^1]));
        }

        var all = ledger.Summary();
        await load.DisposeAsync();
        var (after, leaks) = await RestAsync(atRest, ledger, stopping);
        await environment.Output.WriteAsync(DrillReport.Render(results, before, all, atRest, after, leaks));
        await environment.Output.FlushAsync(CancellationToken.None);
        return leaks.IsEmpty && results.TrueForAll(static result => result.Broken.IsEmpty) ? ExitCode.Ok : ExitCode.PromiseBroken;
    }

    /// <summary>Waits until nothing is left of what the load has opened, as long as that may take.</summary>
    private async Task<(DrillCensus Census, ImmutableArray<string> Leaks)> RestAsync(DrillCensus before, DrillLedger ledger, CancellationToken stopping)
    {
        var began = environment.Time.GetTimestamp();
        while (true)
        {
            var census = await CensusAsync(ledger, stopping);
            var leaks = DrillCensus.Leaks(before, census);
            if (leaks.IsEmpty || environment.Time.GetElapsedTime(began) > LongestRest)
            {
                return (census, leaks);
            }

            await Task.Delay(Poll, environment.Time, stopping);
        }
    }

    private async Task<DrillCensus> CensusAsync(DrillLedger ledger, CancellationToken stopping)
    {
        var replicas = (await source.ReplicasAsync(stopping)).Select(static replica => new DrillCensus.Process(
            $"replica {replica.Id}", OpenHandles.Of(replica.ProcessId), replica.Streams, replica.Members, replica.Healthy));
        var server = source.ReadyReport() is { } report ? new[] { new DrillCensus.Process("the server", OpenHandles.Of(report.Pid), 0, 0, true) } : [];
        return new DrillCensus([.. replicas.Concat(server)], ledger.LastControl?.Replicas.Length);
    }

    private async Task<DrillResult> StepAsync(
        DrillStep step, ImmutableArray<DrillReplica> whole, DrillLedger ledger, DrillLoad load, bool slowBefore, CancellationToken stopping)
    {
        var group = await source.ReplicasAsync(stopping);
        var control = ledger.LastControl;
        var what = DrillPlan.NameOf(step.Event);
        var victim = DrillPlan.Victim(step, group, control?.Leader)
            ?? throw new ConnectorError($"Cannot {what}", "there is no such replica in the group now", "See the log of the group");
        if (DrillPlan.Refusal(victim, group, Foreign(), options.EvenTheLast) is { } refusal)
        {
            throw new ConnectorError(
                $"Refused to {what} replica {victim.Id}", refusal,
                "Start more replicas and wait until they are healthy (connector dev --replicas 3); --even-the-last touches the last one of a group too");
        }

        var led = control is null ? victim.Role == "leader" : control.Leader == victim.Id;
        var happening = DrillPlan.Happening(step, led);
        await SayAsync($"{DrillPlan.NameOf(happening)} of replica {victim.Id}, process {victim.ProcessId} ...");
        var at = ledger.Now;
        var (recovered, roleAfter) = await DoAsync(
            happening, victim, load, () => RecoveredAsync(happening, victim, whole, () => HasSession(ledger, led ? control : null), stopping), stopping);
        await Task.Delay(Aftermath, environment.Time, stopping);
        return ledger.Judge(
            new DrillWindow(happening, victim.Id, at, ledger.Now, control?.BootOf(victim.Id), victim.Streams, led, control?.Epoch ?? 0, recovered, roleAfter), slowBefore);
    }

    /// <summary>A control session is there, after that of a victim another one. True when nobody looks.</summary>
    private static bool HasSession(DrillLedger ledger, ControlSample? lost) => ledger.LastControl is not { } now || (now.Online && (lost is null || now.Epoch > lost.Epoch));

    private async Task<(bool Recovered, string RoleAfter)> DoAsync(
        DrillEvent happening, DrillReplica victim, DrillLoad load, Func<Task<(bool Recovered, string RoleAfter)>> recovered, CancellationToken stopping)
    {
        switch (happening)
        {
            case DrillEvent.KillFollower or DrillEvent.KillLeader:
                Signal(victim, UnixSignals.Kill);
                break;
            case DrillEvent.FreezeFollower or DrillEvent.FreezeLeader:
                Signal(victim, UnixSignals.Stop);
                try
                {
                    await Task.Delay(options.FreezeFor, environment.Time, stopping);
                }
                finally
                {
                    // Whatever happens to the drill: nobody stays frozen.
                    Signal(victim, UnixSignals.Continue);
                }

                break;
            default:
                Signal(victim, UnixSignals.Terminate);

                // What is opened before the edges have heard of it may be the victim's yet, and has to be renewed as well.
                await Task.Delay(GoodBye, environment.Time, stopping);

                // Users end their streams within the drain limit; those of the other replicas end some of theirs too.
                var half = victim.DrainTimeout / 2;
                await load.RenewAsync(half > TimeSpan.Zero && half < LongestRenewal ? half : LongestRenewal, stopping);
                break;
        }

        return await recovered();
    }

    /// <summary>Waits until the group is as whole as in the beginning, the victim's successor in it, and has a control session.</summary>
    private async Task<(bool Recovered, string RoleAfter)> RecoveredAsync(
        DrillEvent happening, DrillReplica victim, ImmutableArray<DrillReplica> whole, Func<bool> hasSession, CancellationToken stopping)
    {
        var began = environment.Time.GetTimestamp();
        while (true)
        {
            var group = await source.ReplicasAsync(stopping);
            var last = group.FirstOrDefault(replica => replica.Id == victim.Id);
            if (DrillPlan.IsWhole(group, whole) && last is not null && DrillPlan.IsBack(happening, victim, last) && hasSession())
            {
                return (true, last.Role);
            }

            if (environment.Time.GetElapsedTime(began) >= options.Settle)
            {
                return (false, last?.Role ?? "");
            }

            await Task.Delay(Poll, environment.Time, stopping);
        }
    }

    private static readonly TimeSpan GoodBye = TimeSpan.FromSeconds(1);

    private static void Signal(DrillReplica victim, int signal)
    {
        try
        {
            UnixSignals.Send(victim.ProcessId, signal);
        }
        catch (Win32Exception failure)
        {
            throw new ConnectorError(
                $"Cannot signal process {victim.ProcessId} of replica {victim.Id}", failure.Message.TrimEnd('.'), "Run the drill as the user who runs the replicas", inner: failure);
        }
    }

    /// <summary>This process, and the one that the ready file is of: dev with its control plane and edge.</summary>
    private HashSet<int> Foreign() => source.ReadyReport() is { } report ? [Environment.ProcessId, report.Pid] : [Environment.ProcessId];

    private string RequireGroup(ImmutableArray<DrillReplica> group)
    {
        var healthy = group.Where(static replica => replica.Healthy).ToArray();
        if (healthy.Length == 0)
        {
            throw new ConnectorError("Cannot drill", "no replica of the group is ready", "Start one, for example with connector dev --replicas 3 --ready-file FILE");
        }

        if (group.Where(static replica => replica.ConnectorId.Length > 0).Select(static replica => replica.ConnectorId).Distinct().Count() > 1)
        {
            throw new ConnectorError("Cannot drill", "the replicas are of different connectors, so they are no group", "Name the health addresses of one group");
        }

        return healthy.Length > 1 || options.EvenTheLast
            ? healthy[0].ConnectorId
            : throw new ConnectorError(
                "Refused to drill", $"replica {healthy[0].Id} is the only healthy one of its group",
                "Start more and wait until they are healthy (connector dev --replicas 3); --even-the-last touches the last one of a group too");
    }

    private static LoadSummary RequireGoodLoad(LoadSummary before) => before switch
    {
        { Opens: 0 } => throw new ConnectorError("Cannot drill", "no connection of the load has ended yet", "Is the machine too busy? Try a lower --rate"),
        { Failed: > 0 } or { Lost: > 0 } => throw new ConnectorError(
            "Cannot drill", $"{before.Failed} new connections failed and {before.Lost} long streams ended before anything was done: {before.Reason}",
            "Name a socket whose service endures the load with --socket, or lower --rate and --streams"),
        _ => before,
    };

    private async Task<ImmutableArray<LoadTarget>> TargetsAsync(string connectorId, CancellationToken cancellationToken)
    {
        var known = new List<(string Name, string Endpoint, bool Http)>();
        if (source.Api() is { } api)
        {
            using var client = new DevApi(api.Url, new Secret(api.Token));
            known.AddRange((await client.ListSocketsAsync(connectorId, cancellationToken))
                .Where(static socket => socket is { IsOurs: true, NotServed: null }).Select(static socket => (socket.Socket.Name, socket.Socket.Endpoint, socket.Scheme == "http")));
        }
        else
        {
            known.AddRange((source.ReadyReport()?.Sockets ?? []).Select(static socket => (socket.Name, socket.Endpoint, socket.Type == "http")));
        }

        var chosen = known.Where(socket => options.Sockets.IsEmpty || options.Sockets.Contains(socket.Name)).ToArray();
        if (options.Sockets.FirstOrDefault(name => known.TrueForAll(socket => socket.Name != name)) is { } missing)
        {
            throw new ConnectorError($"Cannot drill socket {missing}", "the group serves no socket of that name", $"It serves {(known.Count == 0 ? "none" : string.Join(", ", known.Select(static socket => socket.Name)))}");
        }

        return chosen.Length > 0
            ? [.. chosen.Select(socket => Target(socket.Name, socket.Endpoint, socket.Http))]
            : throw new ConnectorError("Cannot drill", "no socket of the group is known", $"Name a ready file with sockets, or set {EnvironmentNames.ApiUrl} and {EnvironmentNames.AdminToken}");
    }

    private LoadTarget Target(string name, string endpoint, bool http)
    {
        var colon = endpoint.LastIndexOf(':');
        return new LoadTarget(
            name, endpoint[..colon].Trim('[', ']'), int.Parse(endpoint.AsSpan(colon + 1), CultureInfo.InvariantCulture),
            http ? LoadKind.Http : options.Echo ? LoadKind.Echo : LoadKind.Hold);
    }

    private Task SayAsync(string line) => environment.Error.WriteLineAsync(line);
}
