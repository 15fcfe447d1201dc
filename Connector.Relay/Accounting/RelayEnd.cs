namespace Connector.Relay.Accounting;

/// <summary>Which end of its links a relay is. Told apart in metrics, since one process may run both.</summary>
public enum RelayEnd : byte
{
    Replica,
    Edge,
}
