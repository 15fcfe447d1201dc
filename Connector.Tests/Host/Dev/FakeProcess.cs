using Connector.Host.Dev;
using Connector.Host.Running;

namespace Connector.Tests.Host.Dev;

/// <summary>A child process that only pretends, and says who it is in its ready file.</summary>
internal sealed class FakeProcess : ISupervisedProcess
{
    private static int lastId = 1_000_000;

    private readonly TaskCompletionSource<int> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeProcess(ChildReplica child, Action<string> line, bool ready = true)
    {
        Child = child;
        Line = line;
        if (ready)
        {
            ReadyFile.Prepare(child.ReadyFile)!.Write(new ReadyReport { Pid = Id, Replicas = [new ReadyReplica($"id-{child.Number}", Id, "http://127.0.0.1:1/")] });
        }
    }

    public ChildReplica Child { get; }

    public Action<string> Line { get; }

    public int Id { get; } = Interlocked.Increment(ref lastId);

    public Task<int> Ended => ended.Task;

    public bool Obeys { get; init; } = true;

    public bool Asked { get; private set; }

    public bool Killed { get; private set; }

    public void AskToStop()
    {
        Asked = true;
        if (Obeys)
        {
            End(0);
        }
    }

    public void Kill()
    {
        Killed = true;
        End(137);
    }

    public void End(int exitCode) => ended.TrySetResult(exitCode);

    public void Dispose()
    {
    }
}
