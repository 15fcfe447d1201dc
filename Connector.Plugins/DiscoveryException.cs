namespace Connector.Plugins;

/// <summary>A source as a whole could not be read; nothing follows for what was found in it before.</summary>
/// <param name="message">What was being done, with what, why it failed and what to do.</param>
public sealed class DiscoveryException(DiscoveryFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public DiscoveryFailure Failure => failure;
}
