using System.Net;
using System.Net.Sockets;
using Akka.Streams;
using Akka.Streams.Dsl;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Limits;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Tests.Actors.Sockets;

/// <summary>An offer whose stream is an endless graph on the socket's materializer: it ends when the test or the materializer ends it.</summary>
internal sealed class ScriptedOffer(SocketId socketId) : IStreamOffer
{
    private readonly CancellationTokenSource abandon = new();
    private readonly TaskCompletionSource<int> finish = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public uint Id => 1;

    public SocketId SocketId => socketId;

    public string Client => ClientAddress.ToString();

    public IPEndPoint ClientAddress { get; init; } = new(new IPAddress([192, 0, 2, 1]), 1);

    public CancellationToken Abandoned => abandon.Token;

    /// <summary>Set by the test.</summary>
    public long BytesMoved { get; set; }

    /// <summary>Set by the test.</summary>
    public bool BytesWait { get; set; }

    /// <summary>How the socket ended it.</summary>
    public TaskCompletionSource<(ResetCode Code, string Reason)> EndedBy { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<bool> Accepted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<(RefusalCode Code, string Text)> Refused { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<Socket> Running { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<StreamOutcome> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Thrown instead of running.</summary>
    public Exception? Fault { get; init; }

    public long BytesFromUpstream { get; set; }

    public void Abandon() => abandon.Cancel();

    public void Finish() => finish.TrySetResult(0);

    public void Accept() => Accepted.TrySetResult(true);

    public void Refuse(RefusalCode code, string text) => Refused.TrySetResult((code, text));

    public void End(ResetCode code, string reason)
    {
        EndedBy.TrySetResult((code, reason));
        finish.TrySetException(new OperationCanceledException(reason));
    }

    public Task<StreamOutcome>? Run(Socket upstream, SocketMemory memory, ByteRate rate, IMaterializer materializer)
    {
        if (Fault is not null)
            throw Fault;
        var terminated = Source.FromTask(finish.Task)
            .WatchTermination(Keep.Right)
            .To(Sink.Ignore<int>())
            .Run(materializer);
        var outcome = terminated.ContinueWith(
            t =>
            {
                upstream.Dispose();
                var end = new StreamOutcome(t.IsCompletedSuccessfully ? StreamEnd.Completed : StreamEnd.Stopped, EndedBy.Task.IsCompleted ? EndedBy.Task.Result.Reason : "", 0, 0);
                Ended.TrySetResult(end);
                return end;
            },
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default);
        Running.TrySetResult(upstream);
        return outcome;
    }
}
