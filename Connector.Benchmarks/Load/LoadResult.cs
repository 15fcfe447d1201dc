namespace Connector.Benchmarks.Load;

/// <summary>What one load client measured; what does not apply is 0.</summary>
/// <param name="GigabytesPerSecond">10^9 bytes of payload per second, all streams together.</param>
/// <param name="Seconds">Length of the measured part, warm-up not included.</param>
/// <param name="Bytes">Payload of the whole run, warm-up included: what processor time is divided by.</param>
internal sealed record LoadResult(
    double GigabytesPerSecond = 0,
    double Seconds = 0,
    long Bytes = 0,
    double MicrosecondsP50 = 0,
    double MicrosecondsP99 = 0,
    double ConnectionsPerSecond = 0,
    long Failed = 0);
