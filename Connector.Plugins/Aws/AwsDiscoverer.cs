namespace Connector.Plugins.Aws;

/// <summary>Lets a scan in, and leaves the reading to the source's own class.</summary>
/// <param name="source">"ec2".</param>
internal abstract class AwsDiscoverer(AwsAccess access, string source) : IDiscoverer
{
    private readonly AwsTransport transport = new(access.Limits, access.Environment.Time, access.IsEndpointConfigured ? access.Environment.Forbids : null);

    public string DiscoveryId { get; } = access.DiscoveryId(source);

    protected AwsAccess Access => access;

    public async Task<Discovery> DiscoverAsync(IProgress<DiscoveryProgress>? progress, CancellationToken cancellationToken)
    {
        progress?.Report(new DiscoveryProgress($"credentials ({access.Place})", 0, null, 0));
        var session = await AwsSession.OpenAsync(access, transport, cancellationToken).ConfigureAwait(false);
        var scan = new AwsScan(session, progress, cancellationToken);
        await ReadAsync(scan).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return scan.Finish();
    }

    public ValueTask DisposeAsync()
    {
        transport.Dispose();
        return ValueTask.CompletedTask;
    }

    protected abstract Task ReadAsync(AwsScan scan);
}
