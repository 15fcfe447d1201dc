namespace Connector.Relay.Limits;

/// <summary>Of bytes between a replica and an upstream.</summary>
internal enum Direction
{
    FromUpstream = 0,
    ToUpstream = 1,
}
