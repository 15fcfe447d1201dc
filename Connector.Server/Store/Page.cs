namespace Connector.Server.Store;

/// <param name="Total">Records on all pages.</param>
internal sealed record Page<T>(IReadOnlyList<T> Records, PageRequest Request, int Total);
