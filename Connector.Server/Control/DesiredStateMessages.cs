using System.Collections.Immutable;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Server.Control;

/// <summary>Desired state as control stream messages. Items whose configuration is not a JSON object are left out and reported.</summary>
/// <param name="withVersion">Only for a peer that announced <c>config_version</c>.</param>
/// <param name="unreadable">Told about each item that is left out: what it is and why.</param>
internal sealed class DesiredStateMessages(bool withVersion, Action<string> unreadable)
{
    /// <summary>Heartbeats are told in whole seconds; the public client spins on 0.</summary>
    public static TimeSpan HeartbeatInterval(ConnectorDesiredState state)
        => TimeSpan.FromSeconds(Math.Clamp((int)state.HeartbeatInterval.TotalSeconds, 1, 3600));

    public ControlStreamResponse Init(ConnectorDesiredState state)
    {
        var init = new Init { ConnectorConfig = Config(state), ConfigVersion = Version(state.Version) };
        foreach (var item in state.Sockets)
        {
            if (TryRead(item, ConfigItemKind.Socket, out var config))
            {
                init.Sockets.Add(new SocketConfig { Id = item.Id, Name = item.Name, Type = item.Type, Config = config });
            }
        }

        foreach (var item in state.Plugins)
        {
            if (TryRead(item, ConfigItemKind.Plugin, out var config))
            {
                init.Plugins.Add(new PluginConfig { Id = item.Id, Name = item.Name, Type = item.Type, Config = config });
            }
        }

        return new ControlStreamResponse { Init = init };
    }

    public ImmutableArray<ControlStreamResponse> Updates(ConfigDifference difference, ConnectorDesiredState wanted)
    {
        var messages = ImmutableArray.CreateBuilder<ControlStreamResponse>();
        if (difference.ConnectorChanged)
        {
            messages.Add(new ControlStreamResponse { ConnectorConfig = Config(wanted) });
        }

        foreach (var (action, kind, item) in difference.Changes)
        {
            if (!TryRead(item, kind, out var config))
            {
                continue;
            }

            var update = new UpdateConfig { Action = action, ConfigVersion = Version(wanted.Version) };
            if (kind == ConfigItemKind.Socket)
            {
                update.SocketConfig = new SocketConfig { Id = item.Id, Name = item.Name, Type = item.Type, Config = config };
            }
            else
            {
                update.PluginConfig = new PluginConfig { Id = item.Id, Name = item.Name, Type = item.Type, Config = config };
            }

            messages.Add(new ControlStreamResponse { UpdateConfig = update });
        }

        return messages.ToImmutable();
    }

    private static ConnectorConfig Config(ConnectorDesiredState state) => new()
    {
        Name = state.Name,
        HeartbeatInterval = (int)HeartbeatInterval(state).TotalSeconds,
        // The public client crashes without an organization and fails without a Struct of strings in it.
        Organization = new Organization { Id = state.OrganizationId, Name = state.OrganizationName, Certificates = new Struct() },
    };

    private ConfigVersion? Version(DesiredStateVersion version)
        => withVersion ? new ConfigVersion { Incarnation = version.Incarnation, Number = version.Number } : null;

    private bool TryRead(DesiredItem item, ConfigItemKind kind, out Struct config)
    {
        try
        {
            config = Struct.Parser.ParseJson(item.ConfigJson);
            return true;
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidJsonException or InvalidOperationException)
        {
            config = new Struct();
            unreadable($"{kind.ToString().ToLowerInvariant()} {item.Name} ({item.Id}) was not sent to the connector, because its stored configuration is not a JSON object: {exception.Message}");
            return false;
        }
    }
}
