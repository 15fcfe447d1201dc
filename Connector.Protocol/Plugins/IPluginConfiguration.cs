namespace Connector.Protocol.Plugins;

/// <summary>What every plugin's configuration has.</summary>
public interface IPluginConfiguration
{
    /// <summary>Above 0.</summary>
    int? ScanIntervalMinutes { get; }
}
