using Connector.Host.Errors;
using Connector.Host.Running;
using Connector.Host.State;
using Xunit;

namespace Connector.Tests.Host.State;

/// <summary>What a process that drains gives up to its successor.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class LettingGoTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("letting-go-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task State_directory_is_waited_for_and_had_once_it_is_let_go()
    {
        var waits = 0;
        using var first = StateDirectory.Open(root, TimeProvider.System);
        var second = StateDirectory.OpenAsync(root, TimeProvider.System, TimeSpan.FromMinutes(3), () => Task.FromResult(++waits), TestContext.Current.CancellationToken);
        Assert.False(second.IsCompleted);

        first.LetGo();

        using var opened = await second;
        Assert.Equal(first.ReplicaId, opened.ReplicaId);
        Assert.Equal(1, waits);

        // The one that drains still knows who it is.
        Assert.True(first.Certificate.HasPrivateKey);
    }

    [Fact]
    public async Task State_directory_that_is_not_let_go_is_refused_by_name()
    {
        using var first = StateDirectory.Open(root, TimeProvider.System);

        var failure = await Assert.ThrowsAsync<ConnectorError>(() => StateDirectory.OpenAsync(
            root, TimeProvider.System, TimeSpan.FromMilliseconds(100), () => Task.CompletedTask, TestContext.Current.CancellationToken));

        Assert.Contains(root, failure.Message);
        Assert.Contains("another process is using it", failure.Message);
    }

    [Fact]
    public void Ready_file_of_a_successor_is_left_alone()
    {
        var path = Path.Combine(root, "ready.json");
        var first = ReadyFile.Prepare(path)!;
        first.Write(new ReadyReport { Pid = 1 });
        first.Remove();
        var second = ReadyFile.Prepare(path)!;
        second.Write(new ReadyReport { Pid = 2 });

        first.Remove();
        first.Write(new ReadyReport { Pid = 1 });

        Assert.Equal(2, ReadyFile.Read(path)!.Pid);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"pid\":")]
    [InlineData("{\"replicas\":null}")]
    public void Ready_file_that_is_none_is_named(string content)
    {
        var path = Path.Combine(root, "ready.json");
        File.WriteAllText(path, content);

        Assert.Contains(path, Assert.Throws<ConnectorError>(() => ReadyFile.Read(path)).Message);
    }
}
