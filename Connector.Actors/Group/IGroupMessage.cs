namespace Connector.Actors.Group;

/// <summary>
/// What may travel between replicas: sealed records of this assembly, written by Hyperion under an allow-list that is made of the types with this marker
/// (<see cref="GroupTypeFilter"/>). Nothing else leaves a replica or is read by one.
/// </summary>
public interface IGroupMessage;
