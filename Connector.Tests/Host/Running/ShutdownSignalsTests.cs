using System.Collections.Concurrent;
using Connector.Host.Running;
using Xunit;

namespace Connector.Tests.Host.Running;

[Trait("kind", Kinds.Contract)]
public sealed class ShutdownSignalsTests
{
    private readonly ConcurrentQueue<int> exits = new();

    [Fact]
    public void First_request_stops_and_the_second_does_so_at_once()
    {
        using var signals = new ShutdownSignals(supervised: false, exits.Enqueue);

        signals.Request();
        Assert.Equal((true, false), (signals.Stopping.IsCancellationRequested, signals.AtOnce.IsCancellationRequested));

        signals.Request();
        signals.Request();
        Assert.True(signals.AtOnce.IsCancellationRequested);
        Assert.Empty(exits);
    }

    [Fact]
    public async Task Process_ends_with_0_when_nobody_heard_the_second_request()
    {
        using var signals = new ShutdownSignals(supervised: false, exits.Enqueue);

        signals.StopAtOnce();
        signals.StopAtOnce();

        Assert.True(signals.Stopping.IsCancellationRequested);
        await Eventually.IsTrueAsync(() => !exits.IsEmpty, "the process is ended", TestContext.Current.CancellationToken);
        Assert.Equal([0], exits);
    }

    [Fact]
    public async Task Process_ends_also_when_its_last_steps_are_blocked()
    {
        var signals = new ShutdownSignals(supervised: false, exits.Enqueue);

        signals.StopAtOnce();
        signals.Dispose();

        await Eventually.IsTrueAsync(() => !exits.IsEmpty, "the process is ended", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Stop_that_blocks_is_left_alone_when_asked_a_second_time()
    {
        using var release = new ManualResetEventSlim();
        using var signals = new ShutdownSignals(supervised: false, exits.Enqueue);
        var stopping = RunningRoles.StopAsync(
            _ =>
            {
                release.Wait(CancellationToken.None);
                return Task.CompletedTask;
            },
            TimeSpan.FromHours(1), signals.AtOnce);
        signals.Request();
        Assert.False(stopping.IsCompleted);

        signals.Request();

        await stopping.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        release.Set();
    }

    [Fact]
    public async Task End_of_the_parent_s_pipe_is_heard_and_bytes_are_not()
    {
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out);
        using var input = new System.IO.Pipes.AnonymousPipeClientStream(System.IO.Pipes.PipeDirection.In, pipe.ClientSafePipeHandle);
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ParentWatch.Start(input, gone.SetResult);

        pipe.WriteByte(1);
        pipe.Flush();
        Assert.False(gone.Task.IsCompleted);
        pipe.Dispose();

        await gone.Task.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
    }
}
