using System.Globalization;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary><c>connector dev --replicas N</c>: child processes, kept and ended by their parent.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class DevReplicasTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Killed_child_is_started_again_and_all_end_with_their_parent()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var connector = await ConnectorProcess.StartDevAsync([], cancellation, replicas: 2);
        var (dev, ready) = (connector.Process, connector.Ready);
        Assert.Equal(2, ready.Replicas.Select(replica => replica.Id).Distinct().Count());
        Assert.DoesNotContain(dev.Id, ready.Replicas.Select(replica => replica.ProcessId));
        await Eventually.IsTrueAsync(() => ready.Replicas.All(replica => dev.Output.Contains(replica.Id, StringComparison.Ordinal)), "the screen lists them", cancellation);

        SignalReplica(ready.Replicas[1].ProcessId, UnixSignal.Kill);
        await Eventually.IsTrueAsync(
            () => ReadyFile.Read(connector.ReadyPath) is { Replicas: [_, var back] } && back.Id == ready.Replicas[1].Id && back.ProcessId != ready.Replicas[1].ProcessId,
            "the killed child is back as another process", cancellation, Deadline);
        Assert.Contains("Replica 2 was killed (SIGKILL); it is started again", dev.Output, StringComparison.Ordinal);
        var now = ReadyFile.Read(connector.ReadyPath);
        Assert.Equal(ready.Replicas[0], now.Replicas[0]);

        dev.Signal(UnixSignal.Terminate);

        Assert.Equal(0, await dev.WaitForExitAsync(Deadline));
        await GoneAsync(now, cancellation);
        Assert.DoesNotContain("is killed", dev.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Children_are_no_orphans_when_their_parent_is_killed()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var connector = await ConnectorProcess.StartDevAsync([], cancellation, replicas: 2);

        connector.Process.Signal(UnixSignal.Kill);

        await GoneAsync(connector.Ready, cancellation);
    }

    private static Task GoneAsync(ReadyFile ready, CancellationToken cancellation) => Eventually.IsTrueAsync(
        () => ready.Replicas.All(replica => !IsReplica(replica.ProcessId)), "every child has ended", cancellation, Deadline);

    private static bool IsReplica(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{Text(processId)}/cmdline").Contains("connector.dll\0start", StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void SignalReplica(int processId, UnixSignal signal)
    {
        // A child of our child: only what says that it is a replica is touched.
        Assert.True(IsReplica(processId), $"process {Text(processId)} is no replica");
        Assert.True(Connector.Host.Running.UnixSignals.Send(processId, (int)signal));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
