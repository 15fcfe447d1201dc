using Connector.Host.Running;
using Xunit;

namespace Connector.Tests.Host.Running;

[Trait("kind", Kinds.Pure)]
public sealed class OwnProgramTests
{
    [Fact]
    public void Program_of_its_own_is_started_as_it_is()
    {
        var own = OwnProgram.Of("/opt/x/connector", "/opt/x/");

        Assert.Equal("/opt/x/connector", own.File);
        Assert.Empty(own.First);
    }

    [Fact]
    public void Library_is_run_by_the_runtime_that_runs_us()
    {
        var own = OwnProgram.Of("/usr/bin/dotnet", "/src/bin/");

        Assert.Equal("/usr/bin/dotnet", own.File);
        Assert.Equal(["/src/bin/connector.dll"], own.First);
    }
}
