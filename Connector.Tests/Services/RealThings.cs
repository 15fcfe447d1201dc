using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Services;

/// <summary>
/// Tests with real programs: one after the other and not beside the quick ones, so that what they say about stalls and memory is about the connector. They share
/// one <c>connector dev</c>; a test that harms it starts its own.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RealThings : ICollectionFixture<SharedDev>
{
    public const string Name = "real things";
}
