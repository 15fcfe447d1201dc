namespace Connector.Benchmarks.Trials.Churn;

/// <summary>The straight line with the least squares.</summary>
internal static class LinearFit
{
    /// <summary>Growth of y per unit of x; 0 for fewer than two different x.</summary>
    public static double Slope(IReadOnlyCollection<(double X, double Y)> points)
    {
        if (points.Count == 0)
        {
            return 0;
        }

        var meanX = points.Average(point => point.X);
        var meanY = points.Average(point => point.Y);
        var spread = points.Sum(point => (point.X - meanX) * (point.X - meanX));
        return spread == 0 ? 0 : points.Sum(point => (point.X - meanX) * (point.Y - meanY)) / spread;
    }
}
