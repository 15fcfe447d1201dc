namespace Connector.Actors.Logs;

/// <summary>
/// Marks what must never leave this replica: authentication failures, and whatever shipping itself has to say. Either as a logging scope
/// (<c>logger.BeginScope(LocalOnly.Scope)</c>) or as the end of a category.
/// </summary>
public static class LocalOnly
{
    public static readonly object Scope = new ScopeMarker();

    private const string CategorySuffix = ".LocalOnly";

    public static string Category(Type owner) => owner.FullName + CategorySuffix;

    internal static bool IsLocal(string category)
        => category.EndsWith(CategorySuffix, StringComparison.Ordinal)
            || category.StartsWith("Connector.Actors.Logs", StringComparison.Ordinal)
            // Their failures name the call and its status: an authentication failure by another way.
            || category.StartsWith("Grpc.", StringComparison.Ordinal)
            || category.StartsWith("System.Net.Http", StringComparison.Ordinal);

    private sealed class ScopeMarker
    {
        public override string ToString() => "local only";
    }
}
