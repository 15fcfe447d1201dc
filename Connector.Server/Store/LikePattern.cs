namespace Connector.Server.Store;

/// <summary>Text for LIKE in which only what is meant is a wildcard.</summary>
internal static class LikePattern
{
    public const string Escape = "\\";

    public static string Containing(string text)
        => "%" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";
}
