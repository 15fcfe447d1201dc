using Akka;
using Akka.Actor;
using Akka.Configuration;
using Connector.Actors.Control;
using Connector.Actors.Health;
using Connector.Actors.Links;

namespace Connector.Actors.Registration;

/// <summary>
/// The order in which a replica ends: not ready any more and links drained, then the control session half-closed, then the actors. Each step is
/// bounded by its phase.
/// </summary>
internal static class ReplicaShutdown
{
    // Beyond what is asked of the others, so that their own deadlines decide.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(3);

    /// <summary>What a host has to allow for all phases together.</summary>
    public static TimeSpan Longest(TimeSpan drainGrace) => drainGrace + CloseTime + TimeSpan.FromSeconds(15);

    public static Config Timeouts(TimeSpan drainGrace)
    {
        var drain = (long)(drainGrace + Margin + Margin).TotalMilliseconds;
        var close = (long)(CloseTime + Margin).TotalMilliseconds;
        return ConfigurationFactory.ParseString(
            $$"""
            akka.coordinated-shutdown.phases {
              service-unbind.timeout = {{drain}} ms
              service-stop.timeout = {{close}} ms
            }
            """);
    }

    public static void AddTasks(ActorSystem system, IActorRef health, IActorRef links, IActorRef control, TimeSpan drainGrace)
    {
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "drain-links", async () =>
        {
            health.Tell(HealthProtocol.DrainBegun.Instance);
            await Answered<LinkSupervisorProtocol.LinksDrained>(links, new LinkSupervisorProtocol.DrainLinks(drainGrace), drainGrace + Margin)
                .ConfigureAwait(false);
            return Done.Instance;
        });
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "close-control-session", async () =>
        {
            await Answered<ControlSessionProtocol.SessionClosed>(control, ControlSessionProtocol.CloseSession.Instance, CloseTime)
                .ConfigureAwait(false);
            return Done.Instance;
        });
    }

    // Who does not answer in time is ended by the phases that follow.
    private static async Task Answered<TAnswer>(IActorRef actor, object request, TimeSpan timeout)
    {
        try
        {
            await actor.Ask<TAnswer>(request, timeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
        }
    }
}
