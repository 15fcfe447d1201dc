using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>How streams end: by halves, and without a word.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class StreamEndTests(SharedDev dev)
{
    private const int QuestionLength = 4_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Client_that_half_closes_still_gets_its_answer()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var upstream = LoopbackUpstream.Start(AnswerAfterEndAsync);
        await using var served = await ServedPort.CreateAsync(await dev.GetAsync(cancellation), upstream.Port);
        var question = RandomNumberGenerator.GetBytes(QuestionLength);

        var answer = await Eventually.SucceedsAsync(
            async () =>
            {
                using var client = await UserConnection.OpenAsync(served.Port, cancellation);
                await client.SendAsync(question, cancellation);
                client.Socket.Shutdown(SocketShutdown.Send);
                var text = Encoding.ASCII.GetString(await client.ReceiveAsync(64, cancellation));
                return text.Length == 64 ? text : throw new InvalidDataException($"The answer was cut to '{text}'.");
            },
            "a half-closing client gets an answer",
            cancellation);

        Assert.Equal(Convert.ToHexString(SHA256.HashData(question)), answer);
    }

    [Fact]
    public async Task Server_that_half_closes_still_gets_everything()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var received = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = LoopbackUpstream.Start(async (connection, stop) =>
        {
            await LoopbackUpstream.SendAllAsync(connection, "bye"u8.ToArray(), stop);
            connection.Shutdown(SocketShutdown.Send);
            var hash = await HashToEndAsync(connection, stop);

            // The check of the upstream comes, too, and brings nothing.
            if (hash != Convert.ToHexString(SHA256.HashData(""u8)))
            {
                received.TrySetResult(hash);
            }
        });
        await using var echo = LoopbackUpstream.StartEcho();
        await using var served = await ServedPort.CreateAsync(await dev.GetAsync(cancellation), echo.Port);
        await UserConnection.EchoEventuallyAsync(served.Port, cancellation);
        await using var subject = await ServedPort.CreateAsync(await dev.GetAsync(cancellation), upstream.Port);
        var sent = RandomNumberGenerator.GetBytes(QuestionLength);

        await Eventually.SucceedsAsync(
            async () =>
            {
                using var client = await UserConnection.OpenAsync(subject.Port, cancellation);
                if (Encoding.ASCII.GetString(await client.ReceiveAsync(4, cancellation)) != "bye")
                {
                    throw new InvalidDataException("not served yet");
                }

                await client.SendAsync(sent, cancellation);
                client.Socket.Shutdown(SocketShutdown.Send);
                return await received.Task.WaitAsync(Deadline, cancellation);
            },
            "a half-closing server gets what the client sends",
            cancellation);

        Assert.Equal(Convert.ToHexString(SHA256.HashData(sent)), await received.Task);
    }

    [Fact]
    public async Task Client_that_resets_ends_the_upstream_connection()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var upstream = LoopbackUpstream.StartEcho();
        await using var served = await ServedPort.CreateAsync(await dev.GetAsync(cancellation), upstream.Port);
        await UserConnection.EchoEventuallyAsync(served.Port, cancellation);

        var client = await UserConnection.OpenAsync(served.Port, cancellation);
        await client.SendAsync("mid-stream"u8.ToArray(), cancellation);
        await client.ReceiveAsync(10, cancellation);
        LoopbackUpstream.Reset(client.Socket);

        // Checks of the upstream come and go as well: none is left only when the client's is gone, too.
        await Eventually.IsTrueAsync(() => upstream.Ended == upstream.Accepted, "the upstream connection of the vanished client ends", cancellation);
        await UserConnection.EchoAsync(served.Port, cancellation);
    }

    [Fact]
    public async Task Client_process_that_is_killed_ends_the_upstream_connection()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var upstream = new PacedUpstream();
        await using var served = await ServedPort.CreateAsync(await dev.GetAsync(cancellation), upstream.Port);
        await using var watch = await ServedStream.StartAsync(new ApiSocket("", "control", served.Port), cancellation);
        var ended = LoopbackUpstream.StartEcho();
        await using var _ = ended;
        await using var killed = await ServedPort.CreateAsync(await dev.GetAsync(cancellation), ended.Port);
        await UserConnection.EchoEventuallyAsync(killed.Port, cancellation);

        var port = killed.Port.ToString(CultureInfo.InvariantCulture);
        await using var client = ChildProcess.Start("bash", ["-c", $"exec 3<>/dev/tcp/127.0.0.1/{port}; echo hello >&3; exec cat <&3"]);
        await Eventually.IsTrueAsync(() => client.Output.Contains("hello", StringComparison.Ordinal), "the client process is mid-stream", cancellation);
        client.Signal(UnixSignal.Kill);

        await Eventually.IsTrueAsync(() => ended.Ended == ended.Accepted, "the upstream connection of the killed client ends", cancellation);
        await watch.ReceiveAsync(50, cancellation);
    }

    [Fact]
    public async Task Server_that_resets_ends_the_clients_connection()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var upstream = new PacedUpstream();
        await using var served = await ServedPort.CreateAsync(await dev.GetAsync(cancellation), upstream.Port);
        await using var watch = await ServedStream.StartAsync(new ApiSocket("", "vanishing", served.Port), cancellation);
        await watch.ReceiveAsync(10, cancellation);

        upstream.ResetConnections();

        Assert.NotEqual("left", await watch.Ended.WaitAsync(Deadline, cancellation));
        await using var next = await StreamWatch.StartAsync("next", served.Port, cancellation);
        await next.ReceiveAsync(10, cancellation);
    }

    private static async Task AnswerAfterEndAsync(Socket connection, CancellationToken cancellation)
    {
        var hash = await HashToEndAsync(connection, cancellation);
        await LoopbackUpstream.SendAllAsync(connection, Encoding.ASCII.GetBytes(hash), cancellation);
    }

    private static async Task<string> HashToEndAsync(Socket connection, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await connection.ReceiveAsync(buffer, cancellation)) > 0)
        {
            hash.AppendData(buffer, 0, count);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
