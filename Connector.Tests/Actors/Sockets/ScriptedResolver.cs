using System.Collections.Concurrent;
using System.Globalization;
using Connector.Actors.Reach;
using Connector.Actors.Sockets;
using Connector.Protocol.Sockets;

namespace Connector.Tests.Actors.Sockets;

/// <summary>Reads "host:port", and "host:port:v2" with a PROXY protocol header; "unsupported", "invalid" and "poison" are what they say.</summary>
internal sealed class ScriptedResolver : ISocketUpstreamResolver
{
    /// <summary>What "later" means: null until somebody provides it.</summary>
    public volatile string? Later;

    /// <summary>Options of a socket, by its configuration's text.</summary>
    public ConcurrentDictionary<string, SocketConfiguration> Configurations { get; } = new();

    public SocketUpstreamChoice Resolve(SocketDefinition definition)
    {
        var text = definition.ConfigJson == "later" ? Later ?? "invalid" : definition.ConfigJson;
        switch (text)
        {
            case "unsupported":
                return new SocketUpstreamChoice.Unsupported("no such type here");
            case "invalid":
                return new SocketUpstreamChoice.Invalid("no hostname");
            case "poison":
                throw new InvalidOperationException("poison in the configuration");
            default:
                var parts = text.Split(':');
                return new SocketUpstreamChoice.PlainRelay(new PlainUpstream(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture)))
                {
                    Configuration = (Configurations.GetValueOrDefault(text) ?? new SocketConfiguration()) with { UpstreamProxyProtocol = parts.ElementAtOrDefault(2) },
                };
        }
    }
}
