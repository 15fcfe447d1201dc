using Connector.Plugins;

namespace Connector.Tests.Plugins;

/// <summary>A discoverer and the source that it reads, both ended with this.</summary>
/// <param name="asked">Done once the source has been asked something; a source that is never asked may leave it done.</param>
/// <param name="parts">What belongs to the source.</param>
internal sealed class SourceInTest(IDiscoverer discoverer, Task asked, params IEnumerable<IAsyncDisposable> parts) : IAsyncDisposable
{
    public IDiscoverer Discoverer => discoverer;

    public Task Asked => asked;

    public async ValueTask DisposeAsync()
    {
        await discoverer.DisposeAsync();
        foreach (var part in parts)
        {
            await part.DisposeAsync();
        }
    }
}
