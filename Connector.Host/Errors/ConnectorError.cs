namespace Connector.Host.Errors;

/// <summary>An error that a user can act on: printed as it is, never with a stack trace.</summary>
/// <param name="what">What was being done, with what, for example "Cannot use the state directory /var/lib/x".</param>
/// <param name="why">Why it failed; no full stop.</param>
/// <param name="remedy">What to do about it; no full stop. Empty when the reason says it.</param>
public sealed class ConnectorError(string what, string why, string remedy, ExitCode exitCode = ExitCode.Mistake, Exception? inner = null)
    : Exception(Sentences(what, why, remedy), inner)
{
    public ExitCode ExitCode { get; } = exitCode;

    public string Why { get; } = why;

    public string Remedy { get; } = remedy;

    /// <summary>For a failure whose own message says what failed, why, and what to do.</summary>
    public static ConnectorError Said(string what, Exception failure)
    {
        var text = failure.Message.TrimEnd('.');
        var end = text.LastIndexOf(". ", StringComparison.Ordinal);
        return end < 0
            ? new ConnectorError(what, text, "", inner: failure)
            : new ConnectorError(what, text[..end], text[(end + 2)..], inner: failure);
    }

    private static string Sentences(string what, string why, string remedy) => Sentence($"{what}: {why}") + (remedy.Length == 0 ? "" : $" {Sentence(remedy)}");

    private static string Sentence(string text) => text.EndsWith('?') ? text : $"{text}.";
}
