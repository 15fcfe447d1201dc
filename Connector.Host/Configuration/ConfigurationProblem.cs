namespace Connector.Host.Configuration;

/// <param name="Line">From 1; 0 when the problem is not at a line of the file.</param>
/// <param name="Text">Never contains a value that may be a secret.</param>
public sealed record ConfigurationProblem(int Line, string Text);
