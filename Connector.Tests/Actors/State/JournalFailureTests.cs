using Akka.Actor;
using Akka.Event;
using Connector.Actors.Sockets;
using Connector.Actors.State;
using Xunit;
using static Connector.Actors.State.DesiredStateProtocol;

namespace Connector.Tests.Actors.State;

/// <summary>A journal that does not take what it is given: nobody but the next start may notice.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class JournalFailureTests() : StateFileTestKit(SwitchedJournal.Hocon)
{
    [Theory]
    [InlineData(SwitchedJournal.Mode.Fail)]
    [InlineData(SwitchedJournal.Mode.Reject)]
    [InlineData(SwitchedJournal.Mode.Hang)]
    public void Pushes_are_applied_all_the_same_and_kept_when_it_works_again(SwitchedJournal.Mode mode)
    {
        // Only who hangs is found by the deadline, and a write that is merely late must not be.
        var replica = Start(settings: mode == SwitchedJournal.Mode.Hang ? Hasty with { WriteDeadline = TimeSpan.FromSeconds(2) } : Hasty);
        Ask(replica);
        Push(replica, 1);
        Switch(mode);
        for (var version = 2; version <= 20; version++)
            Push(replica, version);
        var said = Errors(1);
        Assert.Contains("cannot be kept", said.Single(), StringComparison.Ordinal);
        Assert.Contains(FilePath, said.Single(), StringComparison.Ordinal);

        // Tries go on, and are not worth a record.
        for (var tries = 0; tries < 3; tries++)
            Logged.FishForMessage<Debug>(e => e.Message.ToString()!.Contains("in a row", StringComparison.Ordinal));
        Push(replica, 21);
        Assert.Empty(Errors(0));

        Switch(SwitchedJournal.Mode.Keep);
        Logged.FishForMessage<Info>(e => e.Message.ToString()!.Contains("is kept in", StringComparison.Ordinal));
        Stop(replica);
        Assert.Equal(21, Ask(Start()).Version.Number);
        Assert.Empty(Errors(0));
        Assert.Empty(MovedAside);
    }

    [Fact]
    public void Second_failure_after_it_has_worked_again_is_said_again()
    {
        var replica = Start();
        Ask(replica);
        for (var round = 0; round < 2; round++)
        {
            Switch(SwitchedJournal.Mode.Fail);
            Push(replica, 2 * round + 1);
            Errors(1);
            Switch(SwitchedJournal.Mode.Keep);
            Push(replica, 2 * round + 2);
            Logged.FishForMessage<Info>(e => e.Message.ToString()!.Contains("is kept in", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Persisting_is_stopped_also_while_it_hangs()
    {
        var replica = Start(settings: Hasty with { FlushDeadline = TimeSpan.FromMilliseconds(200) });
        Ask(replica);
        Switch(SwitchedJournal.Mode.Hang);
        Push(replica, 1);
        replica.State.Tell(StopPersisting.Instance, TestActor);
        FishForMessage<PersistingStopped>(_ => true);
        Push(replica, 2);
    }

    private void Push(Replica replica, long version)
    {
        replica.State.Tell(new ApplyInit(1, Pushes.Init(version, "a", $"s{version}")), TestActor);
        Assert.Equal(version, ExpectMsg<DesiredStateApplied>().Version.Number);
        Assert.Equal(version, replica.Sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>().Version.Number);
    }

    private void Switch(SwitchedJournal.Mode mode)
    {
        var (probe, persistence) = (CreateTestProbe(), Akka.Persistence.Persistence.Instance.Apply(Sys));
        foreach (var plugin in (IActorRef[])[persistence.JournalFor(null), persistence.SnapshotStoreFor(null)])
        {
            plugin.Tell(new SwitchedJournal.Switch(mode), probe);
            probe.ExpectMsg<SwitchedJournal.Switch>();
        }
    }

    // Waits for so many, and takes all that are there.
    private List<string> Errors(int atLeast)
    {
        var errors = new List<string>();
        while (errors.Count < atLeast || Logged.HasMessages)
        {
            if (Logged.ExpectMsg<LogEvent>() is Error error)
                errors.Add(error.Message.ToString()!);
        }

        return errors;
    }
}
