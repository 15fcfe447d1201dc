namespace Connector.Benchmarks.Trials.Streams;

/// <summary>One user's live connection through the connector, from before the first fault until after the last.</summary>
internal interface ITrialStream : IAsyncDisposable
{
    /// <summary>ssh, psql, echo, download, upload, both ways.</summary>
    string Kind { get; }

    /// <summary>One for each direction in which something is expected.</summary>
    IReadOnlyList<StallMeter> Meters { get; }

    /// <summary>Completes when the stream has ended, whoever ended it. Never fails.</summary>
    Task<StreamOutcome> Outcome { get; }

    /// <summary>Asks for the orderly end. Does not wait for it.</summary>
    void Finish();
}
