using Akka;
using Akka.Actor;
using Connector.Actors.State;

namespace Connector.Actors.Registration;

/// <summary>Lets go of the state file before the actors end, so that what was left to write is written.</summary>
internal static class StateShutdown
{
    // The phase has two seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.9);

    public static void AddTask(ActorSystem system, IActorRef state)
        => CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "stop-persisting", async () =>
        {
            try
            {
                await state.Ask<DesiredStateProtocol.PersistingStopped>(DesiredStateProtocol.StopPersisting.Instance, Patience).ConfigureAwait(false);
            }
            catch (AskTimeoutException)
            {
                // A disk that does not answer must not keep the process from ending.
            }

            return Done.Instance;
        });
}
