using Connector.Actors.Reach;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Discovery;
using DialOutcomeWire = Connector.Protocol.Control.Wire.DialOutcome;

namespace Connector.Actors.Discovery;

/// <summary>Whether anybody accepts connections where resources were found.</summary>
internal sealed class ResourceDials(IUpstreamDialer dialer)
{
    private const int AtOnce = 16;
    private const int MostResources = 200;

    public async Task<ControlStreamRequest> DialAsync(DialResources asked, CancellationToken cancellationToken)
    {
        var resources = asked.Resources.Take(MostResources).Select(static found => DiscoveredResource.Read(found, out _)).OfType<DiscoveredResource>().Where(static resource => resource.Identity is not null).ToArray();
        var outcomes = new DialOutcomeWire[resources.Length];
        await Parallel.ForAsync(
            0, resources.Length, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (i, token) => outcomes[i] = await DialAsync(resources[i], token).ConfigureAwait(false)).ConfigureAwait(false);
        var answer = new ResourcesDialed { PluginId = asked.PluginId, DiscoveryId = asked.DiscoveryId };
        answer.Resources.AddRange(resources.Select((resource, i) => new DialedResource { Identity = resource.Identity, Outcome = outcomes[i] }));
        return new ControlStreamRequest { ResourcesDialed = answer };
    }

    private async Task<DialOutcomeWire> DialAsync(DiscoveredResource resource, CancellationToken cancellationToken)
    {
        var dialed = false;
        foreach (var at in ResourceEndpoints.Of(resource))
        {
            switch (await dialer.DialAsync(new PlainUpstream(at.Host, at.Port), cancellationToken).ConfigureAwait(false))
            {
                case Reach.DialOutcome.Connected connected:
                    connected.Socket.Dispose();
                    return DialOutcomeWire.Accepted;
                case Reach.DialOutcome.Forbidden:
                    break;
                default:
                    dialed = true;
                    break;
            }
        }

        return dialed ? DialOutcomeWire.Failed : DialOutcomeWire.NotDialed;
    }
}
