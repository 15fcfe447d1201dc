using Connector.Plugins.Reachability;
using Connector.Protocol.Discovery;

namespace Connector.Plugins.Aws.Ec2;

/// <summary>
/// Whether something on an instance accepts connections from here. Time is bounded: where a whole network swallows packets, each scan goes on with the
/// instances at which the one before ended.
/// </summary>
internal sealed class Ec2Reachability
{
    private const int InstancesAtOnce = 128;

    private int first;

    public async Task<IReadOnlyList<AwsEc2InstanceDetails>> CheckAsync(AwsScan scan, IReadOnlyList<AwsEc2InstanceDetails> instances)
    {
        var checkedOnes = instances.ToArray();
        // Nothing listens on an instance that does not run.
        var running = Enumerable.Range(0, checkedOnes.Length).Where(index => checkedOnes[index].InstanceState == "running").ToArray();
        if (running.Length == 0)
        {
            return checkedOnes;
        }

        using var limit = new TimeLimit(scan.Limits.Reachability, scan.Time, scan.CancellationToken);
        using var reach = new TcpReach(scan.Time, scan.Session.Access.Environment.Forbids);
        var start = first % running.Length;
        var done = 0;
        try
        {
            scan.Report($"reachability of {running.Length} instances ({scan.Session.Access.Place})");
            await Parallel.ForEachAsync(
                Enumerable.Range(0, running.Length),
                new ParallelOptions { MaxDegreeOfParallelism = InstancesAtOnce, CancellationToken = limit.Token },
                async (step, cancellation) =>
                {
                    var index = running[(start + step) % running.Length];
                    checkedOnes[index] = await CheckAsync(reach, checkedOnes[index], cancellation).ConfigureAwait(false);
                    Interlocked.Increment(ref done);
                }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!scan.CancellationToken.IsCancellationRequested)
        {
            scan.Warn($"The reachability of {running.Length - done} of {running.Length} instances is not known: {scan.Limits.Reachability.TotalSeconds:0} s were not enough; the next scan goes on with them");
        }

        first = (start + done) % running.Length;
        return checkedOnes;
    }

    private static async Task<AwsEc2InstanceDetails> CheckAsync(TcpReach reach, AwsEc2InstanceDetails instance, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(
            AskAsync(reach, instance.PrivateDnsName, cancellationToken), AskAsync(reach, instance.PrivateIpAddress, cancellationToken),
            AskAsync(reach, instance.PublicDnsName, cancellationToken), AskAsync(reach, instance.PublicIpAddress, cancellationToken)).ConfigureAwait(false);
        return instance with
        {
            PrivateDnsNameReachable = answers[0],
            PrivateIpAddressReachable = answers[1],
            PublicDnsNameReachable = answers[2],
            PublicIpAddressReachable = answers[3],
        };
    }

    private static async Task<bool?> AskAsync(TcpReach reach, string host, CancellationToken cancellationToken)
        => host.Length == 0 ? null : await reach.AnyAsync(host, ResourceEndpoints.UsualPorts, cancellationToken).ConfigureAwait(false);
}
