using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Store.Database;

/// <summary>Turns what SQLite says into an error that names the file and the remedy.</summary>
internal static class StoreErrors
{
    // Primary result codes, https://sqlite.org/rescode.html
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int IoError = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    public static bool Is(Exception exception) => Find(exception) is not null;

    public static ControlStoreException Translate(string doing, string path, Exception exception)
    {
        var code = Find(exception)?.SqliteErrorCode ?? 0;
        var (reason, remedy) = code switch
        {
            Busy or Locked => ("another process has it locked", "stop the other server or backup that uses this file, then try again"),
            ReadOnly => ("it is read-only", "make the file and its directory writable for the user that runs the server"),
            IoError => ("reading or writing it failed", "check the disk and its free space"),
            Corrupt => ("the file is damaged", "stop the server and restore the data directory from a backup"),
            Full => ("the disk is full", "free space on the disk that holds it; nothing was changed"),
            CannotOpen => ("it cannot be opened", "check that the directory exists and is writable for the user that runs the server"),
            NotADatabase => ("it is not a SQLite database", "move the file away or name another data directory"),
            _ => (exception.GetBaseException().Message, "see the server's log"),
        };
        return new ControlStoreException($"{doing}: {path}: {reason}; {remedy}", exception);
    }

    private static SqliteException? Find(Exception exception) => exception switch
    {
        SqliteException sqlite => sqlite,
        DbUpdateException { InnerException: SqliteException inner } => inner,
        _ => null,
    };
}
