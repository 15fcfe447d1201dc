namespace Connector.Plugins.Aws;

/// <summary>An answer that can be read and makes no sense.</summary>
internal sealed class MalformedAnswerException(string message) : Exception(message);
