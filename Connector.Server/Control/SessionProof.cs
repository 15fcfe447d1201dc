namespace Connector.Server.Control;

/// <summary>Whether the control session answers.</summary>
internal enum SessionProof
{
    /// <summary>To be found out by a challenge.</summary>
    Unknown,

    /// <summary>It is being challenged.</summary>
    Open,

    Answers,

    Silent,
}
