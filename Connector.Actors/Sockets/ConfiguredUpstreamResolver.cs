using Connector.Actors.Reach;
using Connector.Protocol.Sockets;
using Connector.Protocol.Variables;

namespace Connector.Actors.Sockets;

/// <summary>Reads a socket's configuration as the protocol defines it, and looks the host up when it is a variable reference.</summary>
internal sealed class ConfiguredUpstreamResolver(VariableResolver variables) : ISocketUpstreamResolver
{
    public SocketUpstreamChoice Resolve(SocketDefinition definition)
    {
        if (!SocketTypes.All.Contains(definition.Type))
            return new SocketUpstreamChoice.Unsupported($"unsupported service type: {definition.Type}");

        var reading = SocketConfigurationReader.Read(definition.ConfigJson, strict: false);
        if (!reading.Succeeded)
            return new SocketUpstreamChoice.Invalid(string.Join("; ", reading.Problems));

        switch (SocketUpstream.Resolve(reading.Value))
        {
            case SocketUpstream.PlainRelay relay:
                try
                {
                    return new SocketUpstreamChoice.PlainRelay(new PlainUpstream(variables.Resolve(relay.Host), relay.Port));
                }
                catch (VariableReferenceException failure)
                {
                    return new SocketUpstreamChoice.Invalid($"its host is the reference {failure.Message}");
                }

            case SocketUpstream.Unsupported unsupported:
                return new SocketUpstreamChoice.Unsupported(unsupported.Reason);
            case SocketUpstream.Invalid invalid:
                return new SocketUpstreamChoice.Invalid(invalid.Reason);
            default:
                throw new InvalidOperationException("a kind of upstream that is not known here");
        }
    }
}
