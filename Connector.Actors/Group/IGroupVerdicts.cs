using Connector.Protocol.Control.Wire;

namespace Connector.Actors.Group;

/// <summary>The control plane as the arbiter of groups.</summary>
public interface IGroupVerdicts
{
    /// <exception cref="Control.ControlTransportException">It was not reached, or refused the question; the reason is for people.</exception>
    Task<GroupVerdict> AskAsync(GroupQuestionBody question, CancellationToken cancellationToken);
}
