namespace Connector.Tests.Processes;

/// <summary>A socket as the REST API made it.</summary>
/// <param name="Port">Where users connect, on loopback.</param>
internal sealed record ApiSocket(string Id, string Name, int Port);
