namespace Connector.Host.Drill;

/// <summary>A socket as the load dials it.</summary>
internal sealed record LoadTarget(string Name, string Host, int Port, LoadKind Kind);
