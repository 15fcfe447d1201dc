namespace Connector.Benchmarks.Contenders;

/// <summary>One way to reach a service on loopback through processes of its own.</summary>
internal interface IContender
{
    /// <summary>Short, as in <c>--only</c>.</summary>
    string Key { get; }

    /// <summary>As in the table.</summary>
    string Title { get; }

    /// <summary>What has to be installed first, as a sentence; null when nothing is missing.</summary>
    string? Missing();

    /// <summary>Starts it in front of <paramref name="targetPort"/>; returns once it listens.</summary>
    Task<RunningContender> StartAsync(int targetPort, CancellationToken cancellation);
}
