using System.Diagnostics;
using System.Text;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>Limits that are set while a stream lives, by the API, at the real executable.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class SocketLimitsTests(SharedDev dev)
{
    [Fact]
    public async Task Limits_set_by_the_API_are_kept_and_the_connectors_log_says_which()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        await using var echo = LoopbackUpstream.StartEcho();
        var socket = await connector.Api.CreateSocketAsync($"limited-{Guid.NewGuid().ToString("N")[..8]}", echo.Port);
        await UserConnection.EchoEventuallyAsync(socket.Port, cancellation);
        using var held = await UserConnection.OpenAsync(socket.Port, cancellation);
        await EchoAsync("before");

        await LimitAsync("""{"max_streams":1}""");
        await Eventually.IsTrueAsync(() => UserConnection.EndsAsync(socket.Port, cancellation, TimeSpan.FromSeconds(2)), "a second user is turned away", cancellation);
        await LoggedAsync($"limit max_streams = 1 of socket {socket.Name} is reached");
        await EchoAsync("the first one stays");

        // 40 kB there and back are 80 kB, less the 2 kB that may come at once.
        await LimitAsync("""{"max_bytes_per_second":20000}""");
        await Eventually.IsTrueAsync(
            async () =>
            {
                var watch = Stopwatch.StartNew();
                await EchoAsync(new string('x', 40_000));
                return watch.Elapsed > TimeSpan.FromSeconds(3.8);
            },
            "the stream that lives is slowed down, and nothing is lost",
            cancellation);

        await LimitAsync("""{"max_bytes_per_second":0,"idle_timeout_seconds":1}""");
        Assert.Equal(0, await held.ReadToEndAsync(cancellation));
        await LoggedAsync($"limit idle_timeout_seconds = 1 of socket {socket.Name} is reached");
        await connector.Api.DeleteSocketAsync(socket);

        async Task EchoAsync(string text)
        {
            var bytes = Encoding.ASCII.GetBytes(text);
            var sending = held.SendAsync(bytes, cancellation);
            Assert.Equal(text, Encoding.ASCII.GetString(await held.ReceiveAsync(bytes.Length, cancellation)));
            await sending;
        }

        async Task LimitAsync(string limits)
            => (await connector.Api.SendAsync(HttpMethod.Put, $"socket/{socket.Id}", $$"""{"limits":{{limits}}}""")).EnsureSuccess("Setting limits");

        Task LoggedAsync(string text)
            => Eventually.IsTrueAsync(
                async () => (await connector.Api.LogsAsync()).Contains(text, StringComparison.Ordinal), $"the connector's log says \"{text}\"", cancellation);
    }
}
