using Akka;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Connector.Actors.Control;
using Connector.Actors.Health;
using Connector.Actors.Links;

namespace Connector.Actors.Registration;

/// <summary>
/// How a replica ends. Phase <c>before-service-unbind</c>: not ready any more, GOAWAY to the edges, the group or else the control session is left, and what
/// a successor needs is given up, so that a new version can start beside this one. Phase <c>service-unbind</c>: streams end by themselves, within the
/// drain grace. Then the actors stop. Each step is bounded by its phase.
/// </summary>
internal sealed class ReplicaShutdown
{
    // Beyond what is asked of the others, so that their own deadlines decide.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan HandOverTime = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(1);

    private Task<LinkSupervisorProtocol.LinksDrained?>? drained;

    public required ActorSystem System { get; init; }

    public required IActorRef Health { get; init; }

    public required IActorRef Links { get; init; }

    /// <summary>Holder of the control session while this replica runs alone; closed when there is no group to leave.</summary>
    public required IActorRef Control { get; init; }

    public required RunningStreams Streams { get; init; }

    public required TimeSpan DrainGrace { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// Leaves the group and ends its actor system, so that the remoting port is free: null when there is none. Given <see cref="LeaveTime"/>; what takes
    /// longer goes on behind.
    /// </summary>
    public Func<Task>? LeaveGroup { get; init; }

    /// <summary>Ends writing into the state directory; before its lock is given up. Null when nothing is written.</summary>
    public Func<Task>? CloseState { get; init; }

    /// <summary>Gives up what a successor needs.</summary>
    public Func<Task>? HandOver { get; init; }

    /// <summary>What a host has to allow for all phases together.</summary>
    public static TimeSpan Longest(TimeSpan drainGrace) => First + drainGrace + Margin + Margin + TimeSpan.FromSeconds(15);

    public static Config Timeouts(TimeSpan drainGrace)
        => ConfigurationFactory.ParseString(
            $$"""
            akka.coordinated-shutdown.phases {
              before-service-unbind.timeout = {{(long)First.TotalMilliseconds}} ms
              service-unbind.timeout = {{(long)(drainGrace + Margin + Margin).TotalMilliseconds}} ms
            }
            """);

    private static TimeSpan First => LeaveTime + HandOverTime + HandOverTime + Margin;

    public void AddTasks()
    {
        var log = Logging.GetLogger(System, typeof(ReplicaShutdown));
        var shutdown = CoordinatedShutdown.Get(System);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "hand-over", () => LeaveAsync(log));
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "drain-links", () => DrainAsync(log));
    }

    private async Task<Done> LeaveAsync(ILoggingAdapter log)
    {
        Health.Tell(HealthProtocol.DrainBegun.Instance);
        drained = Answered<LinkSupervisorProtocol.LinksDrained>(Links, new LinkSupervisorProtocol.DrainLinks(DrainGrace), DrainGrace + Margin);
        var leave = LeaveGroup ?? (() => Answered<ControlSessionProtocol.SessionClosed>(Control, ControlSessionProtocol.CloseSession.Instance, CloseTime));
        await StepAsync(log, LeaveGroup is null ? "closing the control session" : "leaving the group", leave, LeaveTime).ConfigureAwait(false);
        await StepAsync(log, "closing the journals", CloseState, HandOverTime).ConfigureAwait(false);
        await StepAsync(log, "giving up ports and locks", HandOver, HandOverTime).ConfigureAwait(false);
        return Done.Instance;
    }

    private async Task<Done> DrainAsync(ILoggingAdapter log)
    {
        var began = Time.GetTimestamp();
        var streams = Streams.State();
        var minute = Task.Delay(ReportInterval, Time);
        if (streams.Count > 0)
        {
            log.Info(
                "draining: {Streams} streams run, the oldest for {Oldest}; they have {Grace} to end",
                streams.Count, DrainTimes.Words(streams.Oldest), DrainTimes.Words(DrainGrace));
        }

        var end = drained ?? Task.FromResult<LinkSupervisorProtocol.LinksDrained?>(null);
        while (await Task.WhenAny(end, minute).ConfigureAwait(false) != end)
        {
            minute = Task.Delay(ReportInterval, Time);
            var now = Streams.State();
            log.Info(
                "draining for {Elapsed}: {Streams} streams are left, the oldest runs for {Oldest}; what is left after {Grace} is cut",
                DrainTimes.Words(Time.GetElapsedTime(began)), now.Count, DrainTimes.Words(now.Oldest), DrainTimes.Words(DrainGrace));
        }

        // The links know best: the end of the last stream may not have reached its counter yet.
        var left = Streams.State();
        if ((await end.ConfigureAwait(false))?.StreamsLeft is not 0 && left.Count > 0)
        {
            log.Warning(
                "drained for {Elapsed}: {Streams} streams are cut, the oldest ran for {Oldest}",
                DrainTimes.Words(Time.GetElapsedTime(began)), left.Count, DrainTimes.Words(left.Oldest));
        }
        else if (streams.Count > 0)
        {
            log.Info("drained within {Elapsed}: all streams have ended", DrainTimes.Words(Time.GetElapsedTime(began)));
        }

        return Done.Instance;
    }

    private static async Task StepAsync(ILoggingAdapter log, string what, Func<Task>? step, TimeSpan within)
    {
        if (step is null)
            return;
        try
        {
            await step().WaitAsync(within).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // The end is not held up by it: what is not given up now is given up by the process's end.
            log.Warning(e, "{Step} failed while this replica began to drain; it goes on", what);
        }
    }

    // Null from who does not answer in time: the phases that follow end him.
    private static async Task<TAnswer?> Answered<TAnswer>(IActorRef actor, object request, TimeSpan timeout)
        where TAnswer : class
    {
        try
        {
            return await actor.Ask<TAnswer>(request, timeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
