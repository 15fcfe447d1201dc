namespace Connector.Host.Configuration;

/// <summary>The flags of <c>start</c>. There is none for the token: command lines can be read by everybody on the machine.</summary>
public sealed record ConnectorFlags(string? ConfigFile = null, string? StateDirectory = null, string? Health = null, string? ConnectorId = null);
