using System.Runtime.Serialization;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace Connector.Actors.State;

/// <summary>What a failure of the state file means.</summary>
/// <param name="Damaged">What is in the file is of no use; waiting does not help.</param>
internal sealed record StateFileFailure(bool Damaged, string Reason, string Remedy)
{
    private const int Error = 1;
    private const int NoPermission = 3;
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;
    private const int LongestReason = 300;

    public static StateFileFailure Of(Exception failure)
    {
        foreach (var cause in Causes(failure))
        {
            switch (cause)
            {
                case SqliteException { SqliteErrorCode: Corrupt or NotADatabase }:
                case SqliteException { SqliteErrorCode: Error } when cause.Message.Contains("no such", StringComparison.Ordinal):
                case SerializationException or InvalidProtocolBufferException or InvalidDataException:
                    return new StateFileFailure(true, Text(cause), "nothing needs to be done");
                case SqliteException { SqliteErrorCode: Full }:
                    return new StateFileFailure(false, "the disk is full, or its quota is used up", "free some space there");
                case SqliteException { SqliteErrorCode: Busy or Locked }:
                    return new StateFileFailure(false, "another process holds it locked", "stop that process, or give it a state directory of its own");
                case SqliteException { SqliteErrorCode: ReadOnly }:
                    return new StateFileFailure(false, "it cannot be written", "make the state directory writable for this user");
                case SqliteException { SqliteErrorCode: CannotOpen or NoPermission } or UnauthorizedAccessException:
                    return new StateFileFailure(false, Text(cause), "give this user the state directory and what is in it");
            }
        }

        return new StateFileFailure(false, Text(failure), "check the disk and the rights of the state directory");
    }

    // Outermost first; only some of the causes that lie side by side are looked at.
    private static IEnumerable<Exception> Causes(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
            yield return cause;
    }

    private static string Text(Exception cause)
    {
        var text = cause.Message.ReplaceLineEndings(" ").Trim().TrimEnd('.');
        return text.Length > LongestReason ? text[..LongestReason] + "…" : text;
    }
}
