namespace Connector.Plugins;

/// <summary>Something that a scan would find has come, gone or changed.</summary>
/// <param name="What">For the log.</param>
public sealed record SourceChanged(string What);
