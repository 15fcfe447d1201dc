using Connector.Actors.Reach;
using Connector.Protocol.Sockets;
using Connector.Protocol.Variables;

namespace Connector.Actors.Sockets;

/// <summary>Reads a socket's configuration as a connector does (unknown keys are a newer control plane's) and looks up what its host refers to.</summary>
internal sealed class SocketUpstreamResolver(VariableResolver variables) : ISocketUpstreamResolver
{
    public SocketUpstreamChoice Resolve(SocketDefinition definition)
    {
        var reading = SocketConfigurationReader.Read(definition.ConfigJson, strict: false);
        if (!reading.Succeeded)
            return new SocketUpstreamChoice.Invalid(string.Join("; ", reading.Problems.Take(5)));

        switch (SocketUpstream.Resolve(reading.Value))
        {
            case SocketUpstream.PlainRelay relay:
                return Dialled(relay, reading.Value);
            case SocketUpstream.Unsupported unsupported:
                return new SocketUpstreamChoice.Unsupported(unsupported.Reason);
            case SocketUpstream.Invalid invalid:
                return new SocketUpstreamChoice.Invalid(invalid.Reason);
            default:
                throw new InvalidOperationException("a kind of upstream that this replica does not know");
        }
    }

    private SocketUpstreamChoice Dialled(SocketUpstream.PlainRelay relay, SocketConfiguration configuration)
    {
        try
        {
            var upstream = new PlainUpstream(variables.Resolve(relay.Host), relay.Port)
            {
                Reference = VariableReference.Parse(relay.Host) is VariableReference.Literal ? null : relay.Host,
            };
            return new SocketUpstreamChoice.PlainRelay(upstream) { Configuration = configuration };
        }
        catch (VariableReferenceException e)
        {
            return new SocketUpstreamChoice.Invalid($"its hostname: {e.Message}");
        }
    }
}
