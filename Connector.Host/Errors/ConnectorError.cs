namespace Connector.Host.Errors;

/// <summary>An error that a user can act on: printed as it is, never with a stack trace.</summary>
/// <param name="what">What was being done, with what, for example "Cannot use the state directory /var/lib/x".</param>
/// <param name="why">Why it failed; no full stop.</param>
/// <param name="remedy">What to do about it; no full stop.</param>
public sealed class ConnectorError(string what, string why, string remedy, ExitCode exitCode = ExitCode.Mistake, Exception? inner = null)
    : Exception($"{what}: {why}. {remedy}.", inner)
{
    public ExitCode ExitCode { get; } = exitCode;
}
