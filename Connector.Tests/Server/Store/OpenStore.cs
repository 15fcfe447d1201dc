using System.Text.Json;
using Connector.Protocol.Ids;
using Connector.Server.Discovery;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Xunit;

namespace Connector.Tests.Server.Store;

/// <summary>A store in a folder of its own; can be closed and opened again.</summary>
internal sealed class OpenStore : IDisposable
{
    private readonly TimeProvider time;

    public OpenStore(Action<ControlPlaneOptions>? configure = null, TimeProvider? time = null)
    {
        this.time = time ?? TimeProvider.System;
        Folder = Directory.CreateTempSubdirectory("store-").FullName;
        Options = new ControlPlaneOptions { DataDirectory = Folder, BusyTimeout = TimeSpan.FromSeconds(1) };
        configure?.Invoke(Options);
        Database = null!;
        Open();
    }

    public string Folder { get; }

    public ControlPlaneOptions Options { get; }

    public ControlDatabase Database { get; private set; }

    public ConnectorLogs Logs { get; private set; } = null!;

    public SessionHistory Sessions { get; private set; } = null!;

    public ConnectorCatalog Connectors { get; private set; } = null!;

    public SocketCatalog Sockets { get; private set; } = null!;

    public IControlStore Control { get; private set; } = null!;

    public DiscoveryStore Discovery { get; private set; } = null!;

    public PluginCatalog Plugins { get; private set; } = null!;

    public static SocketDraft Draft(string name, params ConnectorId[] connectors) => new()
    {
        Name = name, Type = "tls", ConnectorIds = [.. connectors.Select(id => id.Value)],
        UpstreamJson = JsonSerializer.Serialize(new
        {
            service_type = "tls",
            tls_service_configuration = new
            {
                standard_tls_service_configuration = new { hostname = name, port = 5432 },
                tls_service_type = "standard",
            },
        }),
    };

    public static LogRecord Record(string message, string severity = "info", SocketId? socket = null)
        => new(DateTimeOffset.UnixEpoch.AddDays(20_000), severity, message, socket, null, "connector");

    public async Task<ConnectorId> CreateConnectorAsync(string name)
    {
        var entry = await Connectors.CreateAsync(name, new ConnectorDraft(null, null, null, null), TestContext.Current.CancellationToken);
        return new ConnectorId(entry.Connector.Id);
    }

    public async Task<IReadOnlyList<string>> MessagesAsync(ConnectorId connector)
    {
        var page = await Logs.ReadAsync(connector, null, null, null, new PageRequest(1, 10_000), TestContext.Current.CancellationToken);
        return [.. page.Records.Select(record => record.Message)];
    }

    public void Restart()
    {
        Database.Dispose();
        Open();
    }

    public void Dispose()
    {
        Database.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private void Open()
    {
        Database = ControlDatabase.Open(Options, time);
        Logs = new ConnectorLogs(Database, Options);
        Sessions = new SessionHistory(Database, Options);
        Connectors = new ConnectorCatalog(Database, Logs, Sessions);
        Sockets = new SocketCatalog(Database, Options);
        Control = new ControlStore(Database, Logs, Options);
        Discovery = new DiscoveryStore(Database, Logs);
        Plugins = new PluginCatalog(Database, Options);
    }
}
