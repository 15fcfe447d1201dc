using Connector.Relay.Frames;
using Connector.Server.Edge.Links;

namespace Connector.Tests.Server.Edge;

/// <summary>An offer whose replica does what the test says, also after it was taken back.</summary>
internal sealed class FakeOpening : IStreamOpening
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<OpenAnswer> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Accepted => accepted.Task;

    public Task<OpenAnswer> Answer => answer.Task;

    public bool IsCancelled { get; private set; }

    public void Accept() => accepted.TrySetResult();

    public void Say(OpenAnswer said)
    {
        lock (gate)
        {
            if (said is OpenAnswer.Opened opened)
            {
                accepted.TrySetResult();
                if (IsCancelled)
                {
                    opened.Stream.Reset(ResetCode.Cancelled);
                }
            }

            answer.TrySetResult(said);
        }
    }

    public void Cancel()
    {
        lock (gate)
        {
            IsCancelled = true;
            if (!answer.TrySetResult(OpenAnswer.Cancelled.Instance) && answer.Task.Result is OpenAnswer.Opened opened)
            {
                opened.Stream.Reset(ResetCode.Cancelled);
            }
        }
    }
}
