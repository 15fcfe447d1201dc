using Akka.Actor;
using Google.Protobuf;
using static Connector.Actors.State.JournalProtocol;

namespace Connector.Actors.State;

/// <summary>
/// An owner's side of its journal: one write at a time, and whether the next one is an entry or the whole. Not thread-safe: it belongs to one actor.
/// </summary>
internal sealed class JournalWriter(JournalLimits limits)
{
    private IActorRef? journal;
    private IActorRef? flushFor;
    private bool writing;
    private int entries;
    private long bytes;
    private long wholeSize;

    public bool IsFlushing => flushFor is not null;

    public bool CanWrite => journal is not null && !writing;

    /// <summary>The file does not hold all that happened before: the next write must.</summary>
    public bool IsWholeDue { get; private set; }

    public void Opened(StateFileProtocol.JournalOpened opened)
    {
        journal = opened.Journal;
        writing = false;
        entries = opened.Entries.Length;
        bytes = opened.EntriesSize;
        wholeSize = opened.Snapshot?.CalculateSize() ?? 0;
    }

    public void Lost()
    {
        journal = null;
        writing = false;
        IsWholeDue = true;
    }

    public void RequireWhole() => IsWholeDue = true;

    /// <summary>To be called when <see cref="CanWrite"/>.</summary>
    /// <returns>False when the whole is due and larger than what is kept.</returns>
    public bool Write(IMessage entry, Func<IMessage> whole)
    {
        var size = entry.CalculateSize();
        if (!IsWholeDue && entries < limits.MostEntries && bytes + size <= Math.Max(limits.MostBytes, wholeSize))
        {
            entries++;
            bytes += size;
            journal.Tell(new Append(entry));
            writing = true;
            return true;
        }

        var snapshot = whole();
        IsWholeDue = snapshot.CalculateSize() is var now && now > limits.LargestWhole;
        if (IsWholeDue)
            return false;
        wholeSize = now;
        entries = 0;
        bytes = 0;
        journal.Tell(new Replace(snapshot));
        writing = true;
        return true;
    }

    /// <summary>False when it is the word of a journal that is over.</summary>
    public bool Written(IActorRef sender)
    {
        if (!sender.Equals(journal))
            return false;
        writing = false;
        return true;
    }

    /// <summary>StateFileActor closes the file: to be answered when all is written.</summary>
    public void Flush(IActorRef closer) => flushFor = closer;

    /// <param name="nothingLeft">The owner has nothing more to write.</param>
    public void AnswerFlush(bool nothingLeft)
    {
        if (flushFor is null || (journal is not null && (writing || !nothingLeft)))
            return;
        flushFor.Tell(StateFileProtocol.JournalFlushed.Instance);
        flushFor = null;
        journal = null;
    }
}
