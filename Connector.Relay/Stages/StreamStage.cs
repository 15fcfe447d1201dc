using Akka.Streams;
using Akka.Streams.Stage;
using Connector.Relay.Accounting;
using Connector.Relay.Frames;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Relay.Stages;

/// <summary>
/// The relay stream as a stage: what comes in is sent on the link, what the link delivers goes out. Lives until the stream has ended, and
/// resets the stream when it is stopped before.
/// </summary>
internal sealed class StreamStage(RelayStream stream) : GraphStageWithMaterializedValue<FlowShape<RelayBuffer, RelayBuffer>, Task<StreamOutcome>>
{
    private readonly Inlet<RelayBuffer> fromSocket = new("RelayStream.in");
    private readonly Outlet<RelayBuffer> toSocket = new("RelayStream.out");

    public override FlowShape<RelayBuffer, RelayBuffer> Shape => new(fromSocket, toSocket);

    public override ILogicAndMaterializedValue<Task<StreamOutcome>> CreateLogicAndMaterializedValue(Attributes inheritedAttributes)
    {
        var outcome = new TaskCompletionSource<StreamOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        return new LogicAndMaterializedValue<Task<StreamOutcome>>(new Logic(this, stream, outcome), outcome.Task);
    }

    private sealed class Logic : InAndOutGraphStageLogic, IStreamSignals
    {
        private readonly StreamStage stage;
        private readonly RelayStream stream;
        private readonly TaskCompletionSource<StreamOutcome> outcome;
        private Action<object?> onSignal = null!;
        private int signalled;
        private RelayMetrics metrics = null!;
        private bool wantsOut;
        private bool localFinishedFirst;
        private bool closePassedOn;

        public Logic(StreamStage stage, RelayStream stream, TaskCompletionSource<StreamOutcome> outcome)
            : base(stage.Shape)
        {
            this.stage = stage;
            this.stream = stream;
            this.outcome = outcome;
            SetHandlers(stage.fromSocket, stage.toSocket, this);
        }

        /// <summary>From any thread; at most one signal is on its way.</summary>
        public void Signal()
        {
            if (Interlocked.Exchange(ref signalled, 1) == 0)
                onSignal(null);
        }

        public override void PreStart()
        {
            onSignal = GetAsyncCallback<object?>(OnSignal);
            SetKeepGoing(true);
            metrics = stream.Memory!.Memory.Metrics;
            metrics.StreamOpened();
            if (stream.TryAttach(this))
                PullIn();
            else
                Ended();
        }

        public override void PostStop()
        {
            stream.End(StreamEnd.Stopped, "the owner of the stream stopped", ResetCode.Policy);
            stream.TransitIn?.Return();
            stream.TransitOut?.Return();
            stream.TransitIn = null;
            stream.TransitOut = null;
            metrics.StreamEnded(stream.Outcome!.End);
            outcome.TrySetResult(stream.Outcome with { LocalFinishedFirst = localFinishedFirst });
        }

        public override void OnPush()
        {
            var buffer = Grab(stage.fromSocket);
            stream.TransitOut = null;
            metrics.Sent(buffer.Length);
            stream.Send(buffer);
            PullIn();
        }

        public override void OnUpstreamFinish()
        {
            localFinishedFirst = !closePassedOn;
            stream.Finish();
        }

        public override void OnUpstreamFailure(Exception failure) => LocalFailed(failure);

        public override void OnPull()
        {
            wantsOut = true;
            PushOut();
        }

        public override void OnDownstreamFinish(Exception cause) => LocalFailed(cause);

        private void LocalFailed(Exception failure)
        {
            if (failure is SocketFailedException or SubscriptionWithCancelException.NonFailureCancellation)
                stream.End(StreamEnd.LocalFailed, failure.Message, ResetCode.ConnectionLost);
            else
                stream.End(StreamEnd.Failed, $"a stage failed: {failure.Message}", ResetCode.Internal);
            FailStage(failure);
        }

        private void OnSignal(object? nothing)
        {
            Volatile.Write(ref signalled, 0);
            if (stream.Outcome is not null)
            {
                Ended();
                return;
            }

            if (wantsOut)
                PushOut();
            PullIn();
        }

        private void PullIn()
        {
            if (!IsClosed(stage.fromSocket) && !HasBeenPulled(stage.fromSocket) && stream.WantsMore())
                Pull(stage.fromSocket);
        }

        private void PushOut()
        {
            if (IsClosed(stage.toSocket))
                return;
            if (stream.TakeInbound(out var finished) is { } buffer)
            {
                wantsOut = false;
                stream.TransitIn = buffer;
                metrics.Received(buffer.Length);
                Push(stage.toSocket, buffer);
            }
            else if (finished)
            {
                wantsOut = false;
                closePassedOn = true;
                Complete(stage.toSocket);
            }
        }

        private void Ended()
        {
            if (stream.Outcome!.End == StreamEnd.Completed)
                CompleteStage();
            else
                FailStage(new StreamEndedException(stream.Outcome));
        }
    }
}
