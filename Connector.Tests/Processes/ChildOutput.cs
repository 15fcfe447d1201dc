namespace Connector.Tests.Processes;

/// <summary>What happens to the pipes of a <see cref="ChildProcess"/>.</summary>
internal enum ChildOutput
{
    /// <summary>Both are read into <see cref="ChildProcess.Output"/>.</summary>
    Captured,

    /// <summary>Standard error is read; standard output is left to the caller, as bytes.</summary>
    Streamed,

    /// <summary>Nobody reads: the pipes fill up and block the writer.</summary>
    Blocked,
}
