using System.Collections.Immutable;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Connector.Plugins;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;

namespace Connector.Host.Discovery;

/// <summary>One scan of all sources of a configuration, from the command line.</summary>
internal sealed class PluginRun(HostEnvironment environment, PluginEnvironment plugins)
{
    private const int LargestConfiguration = 1024 * 1024;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    /// <exception cref="ConnectorError">The file or what is in it is of no use.</exception>
    public async Task<ExitCode> RunAsync(string type, string path, bool asJson, CancellationToken stopping)
    {
        if (!PluginTypes.All.Contains(type))
        {
            throw new ConnectorError($"Cannot run a plugin of type {ResourceBounds.Text(type)}", PluginConfigurationReader.UnknownType(type), "", ExitCode.Usage);
        }

        var discoverers = Discoverers(type, path);
        var scans = ImmutableArray.CreateBuilder<ScannedSource>(discoverers.Length);
        try
        {
            foreach (var discoverer in discoverers)
            {
                scans.Add(await ScanAsync(discoverer, stopping));
            }
        }
        finally
        {
            foreach (var discoverer in discoverers)
            {
                await discoverer.DisposeAsync();
            }
        }

        await environment.Output.WriteAsync(asJson ? ScanJson.Render(scans) : ScanTable.Render(scans));
        await environment.Output.FlushAsync(CancellationToken.None);
        return scans.Any(static scan => scan.Failure is not null) ? ExitCode.Mistake : ExitCode.Ok;
    }

    private ImmutableArray<IDiscoverer> Discoverers(string type, string path)
    {
        var reading = PluginConfigurationReader.Read(type, ConfigurationFile.Text(path, LargestConfiguration), strict: true);
        if (reading.Value is not { } configuration)
        {
            throw new ConnectorError($"Cannot use the configuration {path}", string.Join("; ", reading.Problems), "Correct it");
        }

        try
        {
            return Plugin.CreateDiscoverers(configuration, plugins);
        }
        catch (DiscoveryException failure)
        {
            throw ConnectorError.Said($"Cannot use the configuration {path}", failure);
        }
    }

    private async Task<ScannedSource> ScanAsync(IDiscoverer discoverer, CancellationToken stopping)
    {
        var progress = new LatestProgress();
        using var ended = new CancellationTokenSource();
        var telling = TellAsync(discoverer.DiscoveryId, progress, ended.Token);
        var began = environment.Time.GetTimestamp();
        try
        {
            var found = await discoverer.DiscoverAsync(progress, stopping);
            return new ScannedSource(discoverer.DiscoveryId, found, null, environment.Time.GetElapsedTime(began));
        }
        catch (DiscoveryException failure)
        {
            return new ScannedSource(discoverer.DiscoveryId, null, failure.Message, environment.Time.GetElapsedTime(began));
        }
        finally
        {
            await ended.CancelAsync();
            await telling;
        }
    }

    /// <summary>What goes on, for whoever waits; the result is on the other stream.</summary>
    private async Task TellAsync(string discoveryId, LatestProgress progress, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(ProgressInterval, environment.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                if (progress.Take() is { } now)
                {
                    await environment.Error.WriteLineAsync($"{discoveryId}: {now.Doing}, {now.Done}{(now.Total is { } total ? $" of {total}" : "")}, {now.Found} found");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The scan is over.
        }
    }
}
