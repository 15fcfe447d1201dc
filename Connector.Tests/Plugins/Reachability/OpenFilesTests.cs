using Connector.Plugins.Reachability;
using Xunit;

namespace Connector.Tests.Plugins.Reachability;

[Trait("kind", Kinds.Pure)]
public sealed class OpenFilesTests
{
    [Theory]
    [InlineData(1_000, 524_288, 1_000)]
    [InlineData(10_000, 65_536, 8_192)]
    [InlineData(1_000, 1_024, 128)]
    [InlineData(1_000, 8, 4)]
    [InlineData(2, 8, 2)]
    [InlineData(1_000, null, 1_000)]
    public void A_plugin_gets_its_part(int wanted, int? limit, int expected) => Assert.Equal(expected, OpenFiles.Share(wanted, limit));

    [Theory]
    [InlineData("Max open files            1024                 4096                 files     ", 1_024)]
    [InlineData("Max open files            unlimited            unlimited            files     ", null)]
    [InlineData("Max open files", null)]
    [InlineData("Max processes             95981                95981                processes ", null)]
    public void Limit_is_the_soft_one(string line, int? expected) => Assert.Equal(expected, OpenFiles.Limit(["Limit                     Soft Limit           Hard Limit           Units     ", line]));
}
