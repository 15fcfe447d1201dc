namespace Connector.Server.Edge.Links;

/// <summary>What the edge uses of a <see cref="Relay.Links.StreamOpening"/>; members mean the same.</summary>
internal interface IStreamOpening
{
    /// <summary>Completes when the replica works on the stream.</summary>
    Task Accepted { get; }

    Task<OpenAnswer> Answer { get; }

    /// <summary>Gives the offer up; a stream that was opened already, or is opened later, is reset.</summary>
    void Cancel();
}
