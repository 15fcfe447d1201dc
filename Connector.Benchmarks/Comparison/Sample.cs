namespace Connector.Benchmarks.Comparison;

/// <summary>One run of one contender; or the medians of several. NaN where it could not be measured.</summary>
internal sealed record Sample(
    double DownloadOne,
    double UploadOne,
    double DownloadSixteen,
    double UploadSixteen,
    double RoundTripP50,
    double RoundTripP99,
    double ConnectionsPerSecond,
    double CpuSecondsPerGigabyte,
    double KibibytesPerIdleStream)
{
    public static Sample MedianOf(IReadOnlyList<Sample> samples)
    {
        return new Sample(
            Median(s => s.DownloadOne), Median(s => s.UploadOne), Median(s => s.DownloadSixteen), Median(s => s.UploadSixteen),
            Median(s => s.RoundTripP50), Median(s => s.RoundTripP99), Median(s => s.ConnectionsPerSecond),
            Median(s => s.CpuSecondsPerGigabyte), Median(s => s.KibibytesPerIdleStream));

        double Median(Func<Sample, double> measure) => MedianOf(samples.Select(measure));
    }

    /// <summary>Of the finite ones; NaN without any.</summary>
    public static double MedianOf(IEnumerable<double> values)
    {
        var sorted = values.Where(double.IsFinite).Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
