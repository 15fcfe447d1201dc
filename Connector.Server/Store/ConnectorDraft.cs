namespace Connector.Server.Store;

/// <summary>What a client may set of a connector; null means unchanged.</summary>
internal sealed record ConnectorDraft(
    string? Name, string? Description, bool? BuiltInSshServiceEnabled, string? BuiltInSshServiceConfigurationJson);
