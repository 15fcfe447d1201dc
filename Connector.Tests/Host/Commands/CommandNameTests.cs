using Connector.Host.Commands;
using Xunit;

namespace Connector.Tests.Host.Commands;

[Trait("kind", Kinds.Pure)]
public sealed class CommandNameTests
{
    private static readonly string Root = OperatingSystem.IsWindows() ? @"C:\src" : "/src";

    [Fact]
    public void Program_on_the_path_is_named_shortly()
        => Assert.Equal("connector", CommandName.Of(At("bin", "connector"), $"{At("other")}{Path.PathSeparator}{At("bin")}", Root));

    [Fact]
    public void Program_below_the_working_directory_is_named_from_there()
        => Assert.Equal(Path.Combine("out", "connector"), CommandName.Of(At("out", "connector"), At("bin"), Root));

    [Fact]
    public void Program_in_the_working_directory_can_be_typed()
        => Assert.Equal(Path.Combine(".", "connector"), CommandName.Of(At("connector"), null, Root));

    [Fact]
    public void Program_elsewhere_is_named_in_full()
        => Assert.Equal(At("out", "connector"), CommandName.Of(At("out", "connector"), null, At("home")));

    [Fact]
    public void Program_that_the_runtime_runs_has_its_usual_name()
        => Assert.Equal("connector", CommandName.Of(At("bin", "dotnet"), null, Root));

    private static string At(params string[] parts) => Path.Combine([Root, .. parts]);
}
