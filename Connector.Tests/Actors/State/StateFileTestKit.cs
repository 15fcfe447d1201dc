using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit;
using Connector.Actors.Registration;
using Connector.Actors.State;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Tests.Processes;
using Microsoft.Data.Sqlite;
using static Connector.Actors.State.DesiredStateProtocol;
using TestKit = Akka.TestKit.Xunit.TestKit;

namespace Connector.Tests.Actors.State;

/// <summary>An actor system that keeps journals in a SQLite file of its own folder, with probes where a replica has sockets and links.</summary>
public abstract class StateFileTestKit : TestKit
{
    private protected static readonly ConnectorId Connector = new("c-1");
    private protected static readonly ReplicaId ReplicaId = new("r-1");
    private protected static readonly ReplicaIdentity Identity = new(Connector, ReplicaId, new KeyThumbprint("key"));

    /// <summary>Failures are over soon; what works is given all the time that a slow disk needs.</summary>
    private protected static readonly StateFileSettings Hasty = new()
    {
        ShortestRetry = TimeSpan.FromMilliseconds(50),
        LongestRetry = TimeSpan.FromMilliseconds(200),
        Healed = TimeSpan.FromMilliseconds(100),
        OpenDeadline = TimeSpan.FromSeconds(60),
        FlushDeadline = TimeSpan.FromSeconds(60),
    };

    private const string Common = TestKitHocon.Patient +
        "akka { loglevel = DEBUG, loggers = [], stdout-loglevel = OFF, log-dead-letters = off }";

    private readonly TemporaryFolder folder;

    // One for all questions: a probe takes 30 ms to make.
    private readonly TestProbe asking;
    private int names;

    private protected StateFileTestKit(string hocon = "")
        : this(new TemporaryFolder("state"), hocon)
    {
    }

    private StateFileTestKit(TemporaryFolder folder, string hocon)
        : base(
            ConfigurationFactory.ParseString(hocon)
                .WithFallback(ConfigurationFactory.ParseString(Common))
                .WithFallback(PersistenceHocon.For(StateFile.ConnectionTo(folder.File("state.db")))))
    {
        this.folder = folder;
        asking = CreateTestProbe("asking");
        Logged = CreateTestProbe("logged");
        Sys.EventStream.Subscribe(Logged.Ref, typeof(LogEvent));
    }

    private protected string Folder => folder.Path;

    private protected string FilePath => folder.File("state.db");

    /// <summary>Every log event of the system, at any level.</summary>
    private protected TestProbe Logged { get; }

    private protected IReadOnlyList<string> MovedAside => [.. Directory.EnumerateFiles(Folder, "*.aside-*.db").Order(StringComparer.Ordinal)];

    /// <summary>Of the file and its companions.</summary>
    private protected long BytesOnDisk => Directory.EnumerateFiles(Folder, "state.db*").Sum(SizeOf);

    protected override void AfterAll()
    {
        base.AfterAll();
        folder.Dispose();
    }

    private protected Replica Start(ReplicaIdentity? identity = null, StateFileSettings? settings = null)
    {
        var owner = identity ?? Identity;
        var file = StartFile(owner, settings);
        var (sockets, links) = (CreateTestProbe(), CreateTestProbe());
        var state = Sys.ActorOf(
            DesiredStateActor.Props(new DesiredStatePeers(sockets, links, file), owner, JournalLimits.Default, TimeProvider.System), $"state-{++names}");
        return new Replica(file, state, sockets, links);
    }

    private protected IActorRef StartFile(ReplicaIdentity? identity = null, StateFileSettings? settings = null)
    {
        var owner = identity ?? Identity;
        return Sys.ActorOf(
            StateFileActor.Props(new StateFile(FilePath, owner.ConnectorId, owner.ReplicaId, TimeProvider.System), settings ?? Hasty, () => 0.5), $"file-{++names}");
    }

    /// <summary>As a process that ends in order: everything is written.</summary>
    private protected void Stop(Replica replica)
    {
        var probe = CreateTestProbe();
        replica.State.Tell(StopPersisting.Instance, probe);
        probe.ExpectMsg<PersistingStopped>();
        Kill(replica.State, replica.File);
    }

    /// <summary>As a process that is killed: what is not written is lost.</summary>
    private protected void Kill(params IEnumerable<IActorRef> actors)
    {
        var probe = CreateTestProbe();
        foreach (var actor in actors)
        {
            probe.Watch(actor);
            Sys.Stop(actor);
            probe.ExpectTerminated(actor);
        }
    }

    private protected DesiredStateState Ask(Replica replica)
    {
        replica.State.Tell(GetDesiredState.Instance, asking);
        return asking.ExpectMsg<DesiredStateState>();
    }

    /// <summary>From the file itself, by a connection of its own.</summary>
    private protected long Query(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={FilePath};Mode=ReadWrite;Pooling=False;Default Timeout=30");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Of the tests.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar() is { } value and not DBNull ? Convert.ToInt64(value) : 0;
    }

    private static long SizeOf(string path)
    {
        try
        {
            return new FileInfo(path).Length;
        }
        catch (FileNotFoundException)
        {
            // A companion file that was there a moment ago.
            return 0;
        }
    }

    private protected Task KeptAsync(Func<bool> condition, string what) => Eventually.IsTrue(condition, what);

    private protected static Secret Ticket(
        DateTimeOffset? expires = null, ConnectorId? connector = null, ReplicaId? replica = null, KeyThumbprint? key = null, string id = "t-1")
    {
        using var signing = SigningKey.Create();
        var now = DateTimeOffset.UtcNow;
        return new Secret(new TokenIssuer(signing).IssueTicket(new TicketClaims(
            id, connector ?? Connector, "o-1", replica ?? ReplicaId, key ?? Identity.Key, now.AddHours(-1), expires ?? now.AddHours(1))));
    }

    private protected sealed record Replica(IActorRef File, IActorRef State, TestProbe Sockets, TestProbe Links);
}
