using System.Globalization;
using Connector.Benchmarks.Trials.Diagnostics;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Trials.Churn;

/// <summary>A process at rest after so many opens.</summary>
/// <param name="Heap">Managed bytes that survive a full collection.</param>
internal sealed record ChurnSample(long Opens, int Handles, long Heap, long Resident)
{
    public static async Task<ChurnSample> TakeAsync(ChildProcess process, long opens, CancellationToken cancellation)
    {
        var heap = await new DiagnosticsPort(process.Id).HeapAfterCollectionAsync(cancellation);
        return new ChurnSample(opens, CountHandles(process.Id), heap, ProcessTree.ResidentBytes([process.Id]));
    }

    public static int CountHandles(int processId)
        => Directory.EnumerateFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/fd")).Count();
}
