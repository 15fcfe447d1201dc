using Akka.Actor;
using Akka.Event;
using static Connector.Actors.State.StateFileProtocol;

namespace Connector.Actors.State;

/// <summary>
/// <c>/user/state-file</c>: owns the state file and the journals in it. Preparing → Open; any failure leads to Waiting and from there to Preparing
/// again; Flushing → Closed at the end. The owners of the journals serve all the while.
/// </summary>
internal sealed class StateFileActor : ReceiveActor, IWithTimers
{
    public static Props Props(StateFile file, StateFileSettings settings, Func<double> random)
        => Akka.Actor.Props.Create(() => new StateFileActor(file, settings, random));

    private const string OpenTimer = "open";
    private const string RetryTimer = "retry";
    private const string HealedTimer = "healed";
    private const string FlushTimer = "flush";

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly StateFile file;
    private readonly StateFileSettings settings;
    private readonly Func<double> random;
    private readonly Dictionary<string, Journal> journals = new(StringComparer.Ordinal);
    private readonly List<IActorRef> closers = [];
    private readonly HashSet<string> unflushed = new(StringComparer.Ordinal);
    private long incarnations;
    private OpenAttempt? attempt;
    private int failures;
    private bool preparing;
    private bool fileClosed;
    private bool troubled;
    private string? damage;

    public StateFileActor(StateFile file, StateFileSettings settings, Func<double> random)
    {
        this.file = file;
        this.settings = settings;
        this.random = random;
        Preparing();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    // ---- behaviours

    private void Preparing()
    {
        Receive<Prepared>(m =>
        {
            if (IsOver(m))
                OnPrepared(m.Outcome);
        });
        Receive<DeadlinePassed>(_ => Fail(Slow));
        Receive<OpenJournal>(m => Register(m.Name, Sender));
        Receive<CloseStateFile>(_ => AddCloser());
        Receive<FlushDue>(_ => Close());
        Receive<Terminated>(_ => { });
        Ignore();
    }

    private void Open()
    {
        Receive<OpenJournal>(m =>
        {
            Register(m.Name, Sender);
            Start(m.Name);
        });
        Receive<JournalProtocol.Recovered>(OnRecovered);
        Receive<JournalProtocol.Works>(_ =>
        {
            if (failures > 0)
                Timers.StartSingleTimer(HealedTimer, Healed.Instance, settings.Healed);
        });
        Receive<Healed>(_ =>
        {
            failures = 0;
            if (!troubled)
                return;
            troubled = false;
            log.Info("the state of this replica is kept in {File} again", file.Path);
        });
        Receive<JournalProtocol.Failed>(m =>
        {
            if (IsCurrent(Sender))
                Fail(StateFileFailure.Of(m.Cause));
        });
        Receive<JournalSenseless>(m =>
        {
            if (journals.TryGetValue(m.Name, out var journal) && Sender.Equals(journal.Owner))
                Fail(new StateFileFailure(true, m.Reason, ""));
        });
        Receive<Terminated>(m =>
        {
            if (IsCurrent(m.ActorRef))
                Fail(new StateFileFailure(false, "its journal ended without a reason", "see the records before this one"));
        });
        Receive<DeadlinePassed>(_ => Fail(Slow));
        Receive<CloseStateFile>(_ =>
        {
            AddCloser();
            FlushWhenOpen();
        });
        Receive<FlushDue>(_ => Close());
        Ignore();
    }

    private void Waiting()
    {
        Receive<Retry>(_ => Prepare());
        Receive<Prepared>(m => { _ = IsOver(m); });
        Receive<OpenJournal>(m =>
        {
            Register(m.Name, Sender);
            Sender.Tell(new JournalLost("the state file could not be used a moment ago"));
        });
        Receive<CloseStateFile>(_ =>
        {
            closers.Add(Sender);
            Close();
        });
        Receive<Terminated>(_ => { });
        Ignore();
    }

    private void Flushing()
    {
        Receive<JournalFlushed>(_ =>
        {
            foreach (var (name, journal) in journals)
            {
                if (Sender.Equals(journal.Owner))
                    unflushed.Remove(name);
            }

            if (unflushed.Count == 0)
                Close();
        });
        Receive<FlushDue>(_ => Close());

        // Whoever cannot write any more has nothing left to write.
        Receive<JournalProtocol.Failed>(_ => Close());
        Receive<CloseStateFile>(_ => closers.Add(Sender));
        Receive<OpenJournal>(_ => Sender.Tell(new JournalLost(Over)));
        Receive<Terminated>(_ => { });
        Ignore();
    }

    private void Closed()
    {
        Receive<Terminated>(m =>
        {
            foreach (var (name, journal) in journals.Where(j => m.ActorRef.Equals(j.Value.Actor)).ToArray())
                journals[name] = journal with { Actor = null };
            CloseFile();
        });
        Receive<FileClosed>(_ =>
        {
            fileClosed = true;
            AnswerClosers();
        });
        Receive<CloseStateFile>(_ =>
        {
            closers.Add(Sender);
            if (fileClosed)
                AnswerClosers();
        });
        Receive<OpenJournal>(_ => Sender.Tell(new JournalLost(Over)));
        Ignore();
    }

    // Of journals and attempts that are over.
    private void Ignore()
    {
        Receive<Prepared>(m => { _ = IsOver(m); });
        Receive<JournalProtocol.Recovered>(_ => { });
        Receive<JournalProtocol.Works>(_ => { });
        Receive<JournalProtocol.Failed>(_ => { });
        Receive<JournalSenseless>(_ => { });
        Receive<JournalFlushed>(_ => { });
        Receive<DeadlinePassed>(_ => { });
        Receive<Retry>(_ => { });
        Receive<Healed>(_ => { });
        Receive<FlushDue>(_ => { });
        Receive<FileClosed>(_ => { });
    }

    // ---- opening

    private void Prepare()
    {
        // A disk that hangs must not collect threads.
        if (preparing)
        {
            Timers.StartSingleTimer(RetryTimer, Retry.Instance, settings.LongestRetry);
            return;
        }

        preparing = true;
        var of = attempt = new OpenAttempt();
        var found = damage;
        Become(Preparing);
        Timers.StartSingleTimer(OpenTimer, DeadlinePassed.Instance, settings.OpenDeadline);
        Task.Run(() => file.Open(found)).PipeTo(
            Self,
            Self,
            success: outcome => new Prepared(of, outcome),
            failure: e => new Prepared(of, new StateFileOutcome.Unusable($"{e.GetType().Name}: {e.Message}", "report this defect")));
    }

    private bool IsOver(Prepared m)
    {
        if (!ReferenceEquals(m.Of, attempt))
            return false;
        preparing = false;
        return true;
    }

    private void OnPrepared(StateFileOutcome outcome)
    {
        if (outcome is StateFileOutcome.Unusable unusable)
        {
            Fail(new StateFileFailure(false, unusable.Reason, unusable.Remedy));
            return;
        }

        damage = null;
        switch (((StateFileOutcome.Ready)outcome).Replaced)
        {
            case { Foreign: true } foreign:
                log.Warning(
                    "the state file {File} was not used: {Reason}; it is kept as {MovedTo}, and this replica starts over with what the control plane pushes",
                    file.Path, foreign.Reason, foreign.MovedTo);
                break;
            case { } damaged:
                log.Error(
                    "the state file {File} cannot be read: {Reason}; it is kept as {MovedTo}, and this replica goes on with what the control plane pushes",
                    file.Path, damaged.Reason, damaged.MovedTo);
                break;
        }

        Become(Open);
        Timers.Cancel(OpenTimer);
        foreach (var name in journals.Keys.ToArray())
            Start(name);
        FlushWhenOpen();
    }

    private void Register(string name, IActorRef owner)
    {
        // An owner that was restarted asks again.
        if (journals.TryGetValue(name, out var known))
            StopJournal(known);
        journals[name] = new Journal(owner, null, false);
    }

    private void Start(string name)
    {
        var journal = journals[name];
        var actor = Context.ActorOf(
            JournalActor.Props(file.PersistenceId(name), Self, journal.Owner, settings.WriteDeadline), $"{name}.{++incarnations}");
        Context.Watch(actor);
        journals[name] = journal with { Actor = actor };
        Timers.StartSingleTimer(OpenTimer, DeadlinePassed.Instance, settings.OpenDeadline);
    }

    private void OnRecovered(JournalProtocol.Recovered m)
    {
        foreach (var (name, journal) in journals)
        {
            if (!Sender.Equals(journal.Actor))
                continue;
            journals[name] = journal with { IsOpen = true };
            journal.Owner.Tell(new JournalOpened(Sender, m.Snapshot, m.Entries, m.EntriesSize));
            break;
        }

        if (journals.Values.All(j => j.IsOpen))
            Timers.Cancel(OpenTimer);
        FlushWhenOpen();
    }

    // ---- failing

    private StateFileFailure Slow
        => new(false, $"it could not be opened within {settings.OpenDeadline.TotalSeconds:0.#} s", "check the disk");

    private void Fail(StateFileFailure failure)
    {
        Timers.CancelAll();
        foreach (var (name, journal) in journals.ToArray())
        {
            StopJournal(journal);
            journals[name] = journal with { Actor = null, IsOpen = false };
            journal.Owner.Tell(new JournalLost(failure.Reason));
        }

        if (closers.Count > 0)
        {
            Close();
            return;
        }

        // A damaged file is reported when it was moved aside, with its new name.
        if (failure.Damaged)
            damage = failure.Reason;
        else if (!troubled)
            log.Error(
                "the state of this replica cannot be kept in {File}: {Reason}; {Remedy}. It serves on with what it has in memory and tries again; if it starts anew "
                + "before that, it begins with an older state",
                file.Path, failure.Reason, failure.Remedy);
        else
            log.Debug("the state file {File} cannot be used: {Reason}; failure {Failures} in a row", file.Path, failure.Reason, failures + 1);
        troubled |= !failure.Damaged;

        var delay = failure.Damaged && failures == 0 ? TimeSpan.Zero : Delay();
        failures++;
        Become(Waiting);
        Timers.StartSingleTimer(RetryTimer, Retry.Instance, delay);
    }

    private TimeSpan Delay()
    {
        var ceiling = settings.ShortestRetry * Math.Pow(2, Math.Min(failures, 20));
        return (ceiling < settings.LongestRetry ? ceiling : settings.LongestRetry) * (0.8 + (0.4 * random()));
    }

    private bool IsCurrent(IActorRef actor) => journals.Values.Any(j => actor.Equals(j.Actor));

    private static void StopJournal(Journal journal)
    {
        if (journal.Actor is null)
            return;
        Context.Unwatch(journal.Actor);
        Context.Stop(journal.Actor);
    }

    // ---- closing

    private void AddCloser()
    {
        closers.Add(Sender);
        if (closers.Count == 1)
            Timers.StartSingleTimer(FlushTimer, FlushDue.Instance, settings.FlushDeadline);
    }

    // A process that ends soon after its start has something to write as well.
    private void FlushWhenOpen()
    {
        if (closers.Count == 0 || journals.Values.Any(j => !j.IsOpen))
            return;
        foreach (var (name, journal) in journals)
        {
            unflushed.Add(name);
            journal.Owner.Tell(FlushJournal.Instance);
        }

        Become(Flushing);
        if (unflushed.Count == 0)
            Close();
    }

    private void Close()
    {
        Timers.CancelAll();
        foreach (var journal in journals.Values.Where(j => j.Actor is not null))
            Context.Stop(journal.Actor);
        foreach (var journal in journals.Values)
            journal.Owner.Tell(new JournalLost(Over));
        Become(Closed);
        CloseFile();
    }

    // The last connection to be closed brings everything into the file itself: that may take a moment.
    private void CloseFile()
    {
        if (journals.Values.All(j => j.Actor is null))
            Task.Run(file.Close).PipeTo(Self, Self, success: () => FileClosed.Instance, failure: _ => FileClosed.Instance);
    }

    private void AnswerClosers()
    {
        foreach (var closer in closers)
            closer.Tell(StateFileClosed.Instance);
        closers.Clear();
    }

    // ---- lifecycle

    // A journal that throws is begun anew by this actor, from what is on disk.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart() => Prepare();

    // The owners do not notice that this actor was restarted: its successor is told of them.
    protected override void PreRestart(Exception reason, object message)
    {
        foreach (var (name, journal) in journals)
        {
            journal.Owner.Tell(new JournalLost("the owner of the state file was restarted"));
            Self.Tell(new OpenJournal(name), journal.Owner);
        }

        foreach (var closer in closers)
            Self.Tell(CloseStateFile.Instance, closer);

        base.PreRestart(reason, message);
    }

    protected override void PostStop() => file.Close();

    private const string Over = "the state file was closed for good";

    /// <param name="Actor">Null while the file cannot be used.</param>
    /// <param name="IsOpen">Its owner was told what is in it.</param>
    private sealed record Journal(IActorRef Owner, IActorRef? Actor, bool IsOpen);

    // Compared by reference: a restarted actor may still get the results of its predecessor.
    private sealed class OpenAttempt;

    private sealed record Prepared(OpenAttempt Of, StateFileOutcome Outcome) : INoSerializationVerificationNeeded;

    private sealed class DeadlinePassed : INoSerializationVerificationNeeded
    {
        public static readonly DeadlinePassed Instance = new();
    }

    private sealed class Retry : INoSerializationVerificationNeeded
    {
        public static readonly Retry Instance = new();
    }

    private sealed class Healed : INoSerializationVerificationNeeded
    {
        public static readonly Healed Instance = new();
    }

    private sealed class FileClosed : INoSerializationVerificationNeeded
    {
        public static readonly FileClosed Instance = new();
    }

    private sealed class FlushDue : INoSerializationVerificationNeeded
    {
        public static readonly FlushDue Instance = new();
    }
}
