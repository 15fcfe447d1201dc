using System.Globalization;
using Connector.Tests.Processes;
using Connector.Tests.Services;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>A real ssh client at a real sshd, with <c>cat</c> at the far end: lines go there and come back.</summary>
internal sealed class SshSession(ChildProcess client, ulong seed) : ClientSession("ssh", client, TimeSpan.FromMilliseconds(300))
{
    private readonly Stream echo = client.StandardOutput;
    private readonly byte[] block = new byte[StreamPattern.BlockLength];
    private readonly byte[] answer = new byte[StreamPattern.BlockLength];

    public static SshSession Start(SshServer server, int port, ulong seed) => new(
        ChildProcess.Start(
            InstalledProgram.Ssh.Require(),
            [.. server.ClientOptions, "-T", "-p", port.ToString(CultureInfo.InvariantCulture), $"{SshServer.User}@127.0.0.1", "cat"],
            handling: ChildOutput.Streamed),
        seed);

    protected override ReadOnlyMemory<byte> Question(long round)
    {
        StreamPattern.Fill(block, seed, round);
        return block.AsMemory(0, LengthOf(round));
    }

    protected override async Task<string?> AnswerAsync(long round)
    {
        var length = LengthOf(round);
        await echo.ReadExactlyAsync(answer.AsMemory(0, length));
        Received(length);
        return answer.AsSpan(0, length).SequenceEqual(block.AsSpan(0, length)) ? null : $"the echo of message {round} differs";
    }

    /// <summary>From a keystroke to a screen.</summary>
    private static int LengthOf(long round) => 64 << (int)(round % 7);
}
