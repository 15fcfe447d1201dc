namespace Connector.Tests.Relay.Properties;

/// <summary>What both TCP ends of one stream do.</summary>
/// <param name="Up">Sizes of the client's writes.</param>
/// <param name="Down">Sizes of the server's writes.</param>
/// <param name="ServerWaits">The server writes only after the client's half-close has come.</param>
/// <param name="ClientResetsAt">The client resets its connection behind this write; negative: never.</param>
/// <param name="ServerResetsAt">The same for the server.</param>
/// <param name="SlowClient">The client reads in small pieces with pauses.</param>
/// <param name="SlowServer">The same for the server.</param>
public sealed record StreamScript(
    int[] Up, int[] Down, bool ServerWaits, int ClientResetsAt, int ServerResetsAt, bool SlowClient, bool SlowServer);
