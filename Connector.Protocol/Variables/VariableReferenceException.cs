namespace Connector.Protocol.Variables;

/// <summary>A reference could not be resolved. The message names the reference and the remedy, never a value.</summary>
public sealed class VariableReferenceException(string message, Exception? inner = null) : Exception(message, inner);
