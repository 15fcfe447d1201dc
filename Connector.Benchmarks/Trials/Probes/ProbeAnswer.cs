namespace Connector.Benchmarks.Trials.Probes;

internal enum ProbeAnswer
{
    /// <summary>By the service behind the socket.</summary>
    Answered,

    /// <summary>The edge closed or reset the connection: the user knows.</summary>
    Refused,

    /// <summary>Neither, for as long as we had patience.</summary>
    Hung,
}
