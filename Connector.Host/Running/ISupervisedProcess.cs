namespace Connector.Host.Running;

/// <summary>A child process that its owner keeps, and ends by its id.</summary>
internal interface ISupervisedProcess : IDisposable
{
    int Id { get; }

    /// <summary>Its exit code; 128 and the signal's number when a signal ended it. Never faults.</summary>
    Task<int> Ended { get; }

    /// <summary>Asks it to stop; also when it is frozen.</summary>
    void AskToStop();

    void Kill();
}
