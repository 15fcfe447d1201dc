namespace Connector.Actors.Group;

/// <param name="Host">Name or address, as all replicas of the group write it.</param>
/// <param name="Port">TCP port of its remoting.</param>
public sealed record GroupPeer(string Host, int Port)
{
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
