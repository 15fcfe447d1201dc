namespace Connector.Benchmarks.Comparison;

/// <summary>How much of everything one run measures.</summary>
internal sealed record Amounts(long TransferBytes, int RoundTrips, int ConnectionMilliseconds, int IdleConnections)
{
    public static Amounts Full { get; } = new(1L << 30, 20_000, 4_000, 1_000);

    public static Amounts Quick { get; } = new(128L << 20, 4_000, 1_000, 200);
}
