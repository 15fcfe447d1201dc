namespace Connector.Host.Drill;

/// <param name="Streams">Long streams that ran at the end of it.</param>
internal sealed record LoadSummary(int Opens, double PerSecond, TimeSpan Slowest, int Failed, int Lost, int Streams, string Reason);
