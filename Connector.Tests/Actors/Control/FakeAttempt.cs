using Connector.Actors.Control;

namespace Connector.Tests.Actors.Control;

internal sealed class FakeAttempt(int number, CancellationToken cancelled)
{
    private readonly TaskCompletionSource<IControlConnection> opening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Number => number;

    public CancellationToken Cancelled => cancelled;

    public Task<IControlConnection> Task => opening.Task;

    public FakeControlConnection Succeed(bool knowsOurFeatures = true)
    {
        var connection = new FakeControlConnection(knowsOurFeatures ? new byte[] { 1, 2, 3, 4 } : []);
        opening.SetResult(connection);
        return connection;
    }

    public void Fail(ControlFailure failure) => opening.SetException(new ControlTransportException(failure));
}
