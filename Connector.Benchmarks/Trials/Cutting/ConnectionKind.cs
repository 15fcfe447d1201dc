namespace Connector.Benchmarks.Trials.Cutting;

/// <summary>What a proxied connection carries.</summary>
internal enum ConnectionKind
{
    /// <summary>Nothing was received yet.</summary>
    Unknown,

    /// <summary>A lane: its TLS hello offers <c>border0-relay/1</c>, on whichever port.</summary>
    Lane,

    /// <summary>Anything else on the HTTPS port: the control stream.</summary>
    Control,
}
