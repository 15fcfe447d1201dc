namespace Connector.Host.Configuration;

/// <summary>Both ends belong to it.</summary>
public readonly record struct PortRange(int First, int Last)
{
    public override string ToString() => $"{First}-{Last}";
}
