using System.Buffers.Binary;
using System.Net.Sockets;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>Somebody typing: a small message, its echo, a pause.</summary>
internal sealed class EchoStream : ITrialStream, IServed
{
    private const int MessageLength = 64;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private readonly Socket connection;
    private readonly LoadService service;
    private readonly StallMeter meter = new();
    private readonly CancellationTokenSource finishing = new();
    private volatile string? serviceFailure;

    private EchoStream(Socket connection, LoadService service)
    {
        this.connection = connection;
        this.service = service;
        Id = service.Register(this);
        Meters = [meter];
        Outcome = Task.Run(RunAsync);
    }

    /// <summary>Under which the service knows it.</summary>
    public long Id { get; }

    public string Kind => "echo";

    public IReadOnlyList<StallMeter> Meters { get; }

    public Task<StreamOutcome> Outcome { get; }

    public static EchoStream Start(Socket connection, LoadService service) => new(connection, service);

    public void Finish() => finishing.Cancel();

    public Task ServeAsync(Socket served) => LoadService.EchoAsync(served);

    public void ServiceFailed(string reason) => serviceFailure = reason;

    public async ValueTask DisposeAsync()
    {
        connection.Dispose();
        await Outcome;
        service.Forget(Id);
    }

    private async Task<StreamOutcome> RunAsync()
    {
        var block = new byte[StreamPattern.BlockLength];
        var answer = new byte[MessageLength];
        var received = 0L;
        try
        {
            BinaryPrimitives.WriteInt64BigEndian(block, Id);
            await PatternPump.SendAllAsync(connection, block.AsMemory(0, LoadService.IdLength));
            for (var index = 0L; !finishing.IsCancellationRequested; index++)
            {
                StreamPattern.Fill(block, (ulong)Id, index);
                meter.Expect();
                await PatternPump.SendAllAsync(connection, block.AsMemory(0, MessageLength));
                await PatternPump.ReceiveExactlyAsync(connection, answer);
                meter.Progress(expectMore: false);
                received += MessageLength;
                if (!answer.AsSpan().SequenceEqual(block.AsSpan(0, MessageLength)))
                {
                    return new StreamOutcome(StreamEnd.Altered, $"the echo of message {index} differs", received);
                }

                await Task.Delay(Pause, finishing.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            connection.Shutdown(SocketShutdown.Send);
            return await connection.ReceiveAsync(answer) == 0 && serviceFailure is null
                ? new StreamOutcome(StreamEnd.Intact, "", received)
                : new StreamOutcome(StreamEnd.Lost, serviceFailure ?? "bytes came after the last echo", received);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or EndOfStreamException)
        {
            return new StreamOutcome(StreamEnd.Lost, serviceFailure ?? $"at the user: {e.Message}", received);
        }
        finally
        {
            meter.Close();
            connection.Dispose();
        }
    }
}
