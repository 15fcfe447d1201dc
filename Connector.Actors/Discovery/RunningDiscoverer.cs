using System.Collections.Immutable;
using Connector.Plugins;
using Connector.Protocol.Control.Wire;

namespace Connector.Actors.Discovery;

/// <summary>One discoverer and the scan of it that runs. Belongs to one actor.</summary>
internal sealed class RunningDiscoverer(int index, IDiscoverer discoverer)
{
    public int Index => index;

    public IDiscoverer Discoverer => discoverer;

    /// <summary>Of the scan that runs; null when none does.</summary>
    public CancellationTokenSource? Cancellation { get; set; }

    public ScanProgress Progress { get; set; } = new();

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>When the next scan begins.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>When a scan that makes no progress was cancelled.</summary>
    public DateTimeOffset? CancelledAt { get; set; }

    public string RequestId { get; set; } = "";

    /// <summary>Something asked for a scan while one ran.</summary>
    public bool Again { get; set; }

    public string AgainRequestId { get; set; } = "";

    /// <summary>In a row.</summary>
    public int Failures { get; set; }

    public string Failure { get; set; } = "";

    /// <summary>In a row; a watch that was ended soon is one.</summary>
    public int WatchFailures { get; set; }

    public DateTimeOffset WatchedSince { get; set; }

    /// <summary>What the control plane has not taken yet: of the last scan only.</summary>
    public ImmutableArray<ControlStreamRequest> Untold { get; set; } = [];

    public bool IsScanning => Cancellation is not null;

    public string ScanTimer => $"scan-{index}";

    public string WatchTimer => $"watch-{index}";
}
