using System.Runtime.Versioning;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.Links;
using Connector.Actors.Sockets;
using Connector.Actors.State;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Tests.Services;
using Microsoft.Data.Sqlite;
using Xunit;
using static Connector.Actors.State.DesiredStateProtocol;
using Action = Connector.Protocol.Control.Wire.Action;

namespace Connector.Tests.Actors.State;

/// <summary>What a replica holds, over restarts and through everything that can happen to its file.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class DesiredStateJournalTests : StateFileTestKit
{
    [Fact]
    public void Restarted_replica_has_sockets_links_and_ticket_of_before()
    {
        var ticket = Ticket();
        var first = Start();
        Assert.Equal(DesiredStateVersion.None, Ask(first).Version);
        Push(first, Pushes.Init(1, "a", "b"));
        first.State.Tell(new ApplyUpdate(1, Pushes.Update(2, "c", "x", Action.Create)), TestActor);
        first.State.Tell(new HoldEdges(Pushes.Edges("e1", "e2")));
        first.State.Tell(new HoldTicket(ticket));
        Stop(first);

        var second = Start();

        var applied = second.Sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>();
        Assert.Equal(new DesiredStateVersion("i", 2), applied.Version);
        Assert.Equal(["a", "b", "c"], applied.Sockets.Select(s => s.Id.Value));
        Assert.Equal("""{"note":"x"}""", applied.Sockets[2].ConfigJson);
        Assert.Equal(ticket.Reveal(), second.Links.ExpectMsg<LinkSupervisorProtocol.ApplyTicket>().Ticket);
        Assert.Equal(["e1", "e2"], second.Links.ExpectMsg<LinkSupervisorProtocol.ApplyEdges>().Edges.Select(e => e.EdgeId.Value));
        Assert.Equal((new DesiredStateVersion("i", 2), 3), (Ask(second).Version, Ask(second).Sockets));
    }

    [Fact]
    public void Held_things_are_handed_on_at_once()
    {
        var replica = Start();
        var ticket = Ticket();
        replica.State.Tell(new HoldTicket(ticket));
        replica.State.Tell(new HoldEdges(Pushes.Edges("e")));
        Assert.Equal(ticket.Reveal(), replica.Links.ExpectMsg<LinkSupervisorProtocol.ApplyTicket>().Ticket);
        Assert.Equal("e", replica.Links.ExpectMsg<LinkSupervisorProtocol.ApplyEdges>().Edges.Single().EdgeId.Value);
    }

    [Fact]
    public async Task Killed_replica_has_what_was_on_disk()
    {
        var first = Start();
        Push(first, Pushes.Init(1, "a"));
        await KeptAsync(() => File.Exists(FilePath) && Query("SELECT count(*) FROM sqlite_schema WHERE name = 'journal'") == 1 && Query("SELECT count(*) FROM journal") > 0, "the push is on disk");
        Kill(first.State, first.File);

        Assert.Equal(1, Ask(Start()).Version.Number);
    }

    [Fact]
    public void Thousands_of_updates_come_back_in_order_from_a_small_file()
    {
        const int Updates = 5_000;
        var random = new Random(7);
        var expected = DesiredState.Empty.Apply(Pushes.Init(1, "a")).State;
        var first = Start();
        Push(first, Pushes.Init(1, "a"));
        var largest = 0L;
        for (var version = 2; version < Updates; version++)
        {
            var update = Pushes.Update(version, $"s{random.Next(40)}", new string('n', 500), random.Next(4) == 0 ? Action.Delete : Action.Update);
            expected = expected.Apply(update).State;
            first.State.Tell(new ApplyUpdate(1, update), TestActor);
            ExpectMsg<DesiredStateApplied>();
            if (version % 100 == 0)
                largest = Math.Max(largest, BytesOnDisk);
        }

        Stop(first);

        // 2.5 MB of updates; 40 sockets of some 600 bytes.
        Assert.InRange(largest, 1, 8_000_000);
        Assert.InRange(BytesOnDisk, 1, 800_000);
        Assert.InRange(Query("SELECT count(*) FROM journal"), 0, JournalLimits.Default.MostEntries + 1);
        Assert.InRange(Query("SELECT count(*) FROM snapshot"), 0, 1);
        var second = Start();
        var applied = second.Sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>();
        Assert.Equal(expected.Version, applied.Version);
        Assert.Equal(expected.Sockets.Values, applied.Sockets);
    }

    [Fact]
    public void State_is_written_anew_again_and_again()
    {
        for (var start = 0; start < 4; start++)
        {
            var replica = Start();
            Assert.Equal(start * 1_000L, Ask(replica).Version.Number);
            for (var version = start * 1_000 + 1; version <= (start + 1) * 1_000; version++)
                Push(replica, Pushes.Init(version, "a", $"s{version}"));
            Stop(replica);
            Assert.InRange(Query("SELECT count(*) FROM snapshot"), 0, 1);
        }
    }

    [Fact]
    public void Nothing_is_written_for_what_is_held_already()
    {
        var first = Start();
        Push(first, Pushes.Init(1, "a"));
        first.State.Tell(new HoldEdges(Pushes.Edges("e")));
        Stop(first);
        var before = Query("SELECT max(sequence_number) FROM journal");

        var second = Start();
        Ask(second);
        Push(second, Pushes.Init(1, "a"));
        second.State.Tell(new HoldEdges(Pushes.Edges("e")));
        Stop(second);

        Assert.Equal(before, Query("SELECT max(sequence_number) FROM journal"));
    }

    [Fact]
    public void Expired_ticket_is_dropped_from_memory_and_disk()
    {
        var first = Start();
        first.State.Tell(new HoldTicket(Ticket(expires: DateTimeOffset.UtcNow.AddMinutes(-1))));
        first.State.Tell(new HoldEdges(Pushes.Edges("e")));
        Stop(first);

        var second = Start();
        second.Links.ExpectMsg<LinkSupervisorProtocol.ApplyEdges>();
        Stop(second);

        FishForLog<Info>("the ticket that an earlier start left is not used: it expired");
        var third = Start();
        third.Links.ExpectMsg<LinkSupervisorProtocol.ApplyEdges>();
        Ask(third);
        while (Logged.HasMessages)
            Assert.DoesNotContain("the ticket", ((LogEvent)Logged.ReceiveOne(TimeSpan.Zero)).Message.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Ticket_is_in_no_record_and_not_in_the_names_of_entries()
    {
        var ticket = Ticket();
        var first = Start();
        first.State.Tell(new HoldTicket(ticket));
        Stop(first);
        File.WriteAllText(FilePath, "damaged");
        var second = Start();
        second.State.Tell(new HoldTicket(ticket));
        second.Links.ExpectMsg<LinkSupervisorProtocol.ApplyTicket>();
        Stop(second);
        Stop(Start(Identity with { ConnectorId = new ConnectorId("c-2") }));

        var records = Logged.ReceiveWhile(TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(500), m => m as LogEvent).ToArray();
        Assert.NotEmpty(records);
        Assert.All(records, record => Assert.DoesNotContain(ticket.Reveal(), $"{record?.Message} {record?.Cause}", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_connector_starts_over_and_says_so()
    {
        var first = Start();
        Push(first, Pushes.Init(1, "a"));
        Stop(first);

        var second = Start(Identity with { ConnectorId = new ConnectorId("c-2") });

        Assert.Equal(DesiredStateVersion.None, Ask(second).Version);
        var said = FishForLog<Warning>("was not used");
        Assert.Contains("connector c-1, replica r-1", said, StringComparison.Ordinal);
        Assert.Contains(Assert.Single(MovedAside), said, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_file_costs_one_record_and_nothing_else()
    {
        File.WriteAllText(FilePath, new string('x', 10_000));
        var first = Start();
        Assert.Equal(DesiredStateVersion.None, Ask(first).Version);
        Push(first, Pushes.Init(1, "a"));
        Stop(first);

        Assert.Contains(Assert.Single(MovedAside), FishForLog<Error>("cannot be read"), StringComparison.Ordinal);
        Assert.Equal(1, Ask(Start()).Version.Number);
        NoMore<Error>();
    }

    [Theory]
    [InlineData("UPDATE journal SET message = x'FF'")]
    [InlineData("UPDATE journal SET manifest = 'of a newer version'")]
    [InlineData("UPDATE journal SET identifier = 1, manifest = 'System.IO.FileInfo, System.IO.FileSystem'")]
    [InlineData("UPDATE journal SET identifier = NULL, manifest = 'System.IO.FileInfo, System.IO.FileSystem'")]
    [InlineData("INSERT INTO snapshot SELECT persistence_id, 1, 0, message, 'System.IO.FileInfo, System.IO.FileSystem', 1 FROM journal")]
    public void Entry_that_cannot_be_read_makes_the_file_a_damaged_one(string damage)
    {
        var first = Start();
        Push(first, Pushes.Init(1, "a"));
        Stop(first);
        Query(damage);

        var second = Start();
        Assert.Equal(DesiredStateVersion.None, Ask(second).Version);
        Push(second, Pushes.Init(2, "b"));
        FishForLog<Error>("cannot be read");
        Stop(second);

        Assert.Single(MovedAside);
        Assert.Equal(2, Ask(Start()).Version.Number);
    }

    [Fact]
    public void Entries_that_make_no_sense_make_the_file_a_damaged_one()
    {
        var first = Start();
        Push(first, Pushes.Init(1, "a"));
        first.State.Tell(new ApplyUpdate(1, Pushes.Update(2, "b", "", Action.Create)), TestActor);
        Stop(first);
        Assert.Equal(2, Query("SELECT count(*) FROM journal"));
        Query("DELETE FROM journal WHERE sequence_number = 1");

        var second = Start();
        Assert.Equal(DesiredStateVersion.None, Ask(second).Version);
        FishForLog<Error>("a configuration that it does not have");
        Assert.Single(MovedAside);
    }

    [Fact]
    public void Locked_file_is_done_without_until_it_is_free()
    {
        var first = Start();
        Push(first, Pushes.Init(1, "a"));
        Stop(first);

        Replica second;
        using (LockedByAnother())
        {
            second = Start();
            Assert.Equal(DesiredStateVersion.None, Ask(second).Version);
            Push(second, Pushes.Init(2, "a", "b"));
            Assert.Equal(2, second.Sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>().Sockets.Length);
            Assert.Contains("another process holds it locked", FishForLog<Error>("cannot be kept"), StringComparison.Ordinal);
        }

        FishForLog<Info>("is kept in");
        Stop(second);
        Assert.Empty(MovedAside);
        NoMore<Error>();
        Assert.Equal(2, Ask(Start()).Version.Number);
    }

    [Fact]
    public void State_that_becomes_readable_late_is_still_served()
    {
        var first = Start();
        Push(first, Pushes.Init(1, "a"));
        Stop(first);

        Replica second;
        using (LockedByAnother())
        {
            second = Start();
            Assert.Equal(DesiredStateVersion.None, Ask(second).Version);
        }

        Assert.Equal(1, second.Sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>().Version.Number);
    }

    [Fact]
    public async Task File_that_vanishes_is_made_again()
    {
        var replica = Start();
        Push(replica, Pushes.Init(1, "a"));
        replica.State.Tell(StopPersisting.Instance, TestActor);
        ExpectMsg<PersistingStopped>();
        Kill(replica.State, replica.File);
        File.Delete(FilePath);

        var second = Start();
        Assert.Equal(DesiredStateVersion.None, Ask(second).Version);
        Push(second, Pushes.Init(2, "b"));
        await KeptAsync(() => Query("SELECT count(*) FROM journal") > 0, "the new file is written");
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task Stopped_persisting_lets_go_of_the_file_and_serves_on()
    {
        Installed.RequireLinux();
        var first = Start();
        Push(first, Pushes.Init(1, "a"));
        first.State.Tell(StopPersisting.Instance, TestActor);
        ExpectMsg<PersistingStopped>();

        Assert.DoesNotContain(OpenFiles(), path => path.StartsWith(FilePath, StringComparison.Ordinal));
        Assert.Equal(["state.db"], Directory.EnumerateFiles(Folder).Select(Path.GetFileName));

        // The successor has it, while this one serves and takes what is still pushed.
        var second = Start();
        Assert.Equal(1, Ask(second).Version.Number);
        first.State.Tell(new ApplyUpdate(1, Pushes.Update(2, "b", "", Action.Create)), TestActor);
        Assert.Equal(2, ExpectMsg<DesiredStateApplied>().Version.Number);
        Assert.Single(first.Sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>().Sockets);
        Assert.Equal(2, first.Sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>().Sockets.Length);
        Push(second, Pushes.Init(3, "c"));
        await KeptAsync(() => Query("SELECT max(sequence_number) FROM journal") == 2, "the successor's push is on disk");

        // Asked again, it answers again; and the process ends.
        first.State.Tell(StopPersisting.Instance, TestActor);
        ExpectMsg<PersistingStopped>();
        Stop(second);
        Assert.Equal(3, Ask(Start()).Version.Number);
        NoMore<Error>();
    }

    [Fact]
    public async Task Restarted_actors_come_back_with_their_state()
    {
        var replica = Start();
        Push(replica, Pushes.Init(1, "a"));
        replica.Sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>();

        // The owner of the file first: the journal is given to the same owner again. By a message that it fails on, as a defect would: Restart alone does
        // not suspend its mailbox, and what comes in the meantime is lost.
        replica.File.Tell(new StateFileProtocol.OpenJournal(null!), TestActor);
        Push(replica, Pushes.Init(2, "a", "second"));
        Assert.Equal(2, replica.Sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>().Sockets.Length);
        await KeptAsync(() => Query("SELECT count(*) FROM snapshot WHERE instr(snapshot, CAST('second' AS BLOB)) > 0") == 1, "the second push is on disk");

        // Then the owner of the journal, which comes back with what is on disk.
        replica.State.Tell(new ApplyInit(1, null!), TestActor);
        Assert.Equal(2, Ask(replica).Version.Number);
        Push(replica, Pushes.Init(3, "a", "b", "c"));
        Stop(replica);
        Assert.Equal(3, Ask(Start()).Version.Number);
    }

    // What is pushed before the journal is known is written as the whole, not as an entry.
    private void Push(Replica replica, Init init)
    {
        Ask(replica);
        replica.State.Tell(new ApplyInit(1, init), TestActor);
        FishForMessage<DesiredStateApplied>(m => m.Version.Number == init.ConfigVersion.Number);
    }

    private string FishForLog<T>(string text)
        where T : LogEvent
        => Logged.FishForMessage<T>(e => e.Message.ToString()!.Contains(text, StringComparison.Ordinal)).Message.ToString()!;

    private void NoMore<T>()
        where T : LogEvent
    {
        while (Logged.HasMessages)
            Assert.IsNotType<T>(Logged.ReceiveOne(TimeSpan.Zero));
    }

    [SupportedOSPlatform("linux")]
    private static IEnumerable<string> OpenFiles()
        => Directory.EnumerateFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget).OfType<string>().ToArray();

    /// <summary>Another process's hold on the file, until it is disposed.</summary>
    private SqliteConnection LockedByAnother()
    {
        var other = new SqliteConnection($"Data Source={FilePath};Pooling=False");
        other.Open();
        using var command = other.CreateCommand();
        command.CommandText = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM snapshot";
        command.ExecuteNonQuery();
        return other;
    }
}
