using Akka.Actor;
using Connector.Actors.State;

namespace Connector.Actors.Registration;

/// <summary>Lets go of the state file before its directory is given up, so that what was left to write is written.</summary>
internal static class StateShutdown
{
    // Its step has two seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.9);

    public static async Task CloseAsync(IActorRef state)
    {
        try
        {
            await state.Ask<DesiredStateProtocol.PersistingStopped>(DesiredStateProtocol.StopPersisting.Instance, Patience).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            // A disk that does not answer must not keep the process from ending.
        }
    }
}
