using System.Security.Cryptography;
using Connector.Plugins.Http;
using Connector.Plugins.Reachability;
using Connector.Protocol.Plugins;
using Connector.Protocol.Tls;
using k8s;
using k8s.Exceptions;

namespace Connector.Plugins.Kubernetes;

/// <summary>
/// How a cluster is reached. Read anew for each scan and each watch: kubeconfig files are rewritten, tokens are renewed. Without a kubeconfig and an address:
/// the cluster we run in, else the kubeconfig of the user.
/// </summary>
internal sealed class ClusterAccess(KubernetesDiscoveryConfiguration.Credentials? credentials, PluginEnvironment environment)
{
    // Reading may run a program that asks for credentials.
    private static readonly TimeSpan ReadingLimit = TimeSpan.FromSeconds(30);

    /// <exception cref="DiscoveryException">What is configured cannot be used here.</exception>
    public async Task<ClusterClient> OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var limit = new TimeLimit(ReadingLimit, environment.Time, cancellationToken);
        try
        {
            // Blocks: files, and programs of the kubeconfig.
            return await Task.Run(Open, CancellationToken.None).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsExceeded)
        {
            throw new DiscoveryException(
                DiscoveryFailure.TimedOut,
                $"Reading {Origin()} took longer than {ReadingLimit.TotalSeconds:0} s; run the program that it names for credentials (users: exec:) by hand, as the connector's user");
        }
    }

    private ClusterClient Open()
    {
        KubernetesClientConfiguration configuration;
        try
        {
            configuration = Read();
        }
        catch (Exception failure) when (IsUnreadable(failure))
        {
            throw new DiscoveryException(
                DiscoveryFailure.Configuration,
                $"{Origin()} cannot be used: {Protocol.Discovery.ResourceBounds.Text(Reason(failure))}. Set kubeconfig_path to a file that this user can read, or run the connector in the cluster with a service account",
                failure);
        }

        var isVerified = !configuration.SkipTlsVerify;
        var trusted = configuration.SslCaCerts;
        // The library wants one, and the system's authorities will do.
        configuration.SslCaCerts ??= [];
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        configuration.FirstMessageHandlerSetup = handler =>
        {
            handler.AllowAutoRedirect = false;
            handler.UseCookies = false;
            handler.SslOptions.CertificateChainPolicy = isVerified && trusted is { Count: > 0 } ? OfflineChain.Under(trusted) : OfflineChain.Policy();
            if (isVerified)
            {
                // By the platform's own rules, names included, instead of a callback of the library's.
                handler.SslOptions.RemoteCertificateValidationCallback = null;
            }

            // Kubeconfigs and the cluster that we run in are as local as the section reach itself.
            if (MasterUrl() is not null)
            {
                ConnectionWithinReach.Require(handler, environment.Forbids);
            }
        };
        return new ClusterClient(new k8s.Kubernetes(configuration, new BoundedHttpHandler(ClusterClient.IsWatch)), isVerified, configuration.TlsServerName);
    }

    private KubernetesClientConfiguration Read()
    {
        var url = MasterUrl();
        if (KubeconfigPath() is { } path)
        {
            return KubernetesClientConfiguration.BuildConfigFromConfigFile(new FileInfo(path), masterUrl: url);
        }

        if (url is not null)
        {
            return new KubernetesClientConfiguration { Host = url };
        }

        if (!KubernetesClientConfiguration.IsInCluster() && UsersKubeconfig() is { } own)
        {
            return KubernetesClientConfiguration.BuildConfigFromConfigFile(new FileInfo(own));
        }

        return KubernetesClientConfiguration.InClusterConfig();
    }

    private string? MasterUrl() => credentials?.MasterUrl is { Length: > 0 } url ? url : null;

    private string? KubeconfigPath() => credentials?.KubeconfigPath is { Length: > 0 } path
        ? path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(environment.Home, path[1..].TrimStart('/')) : path
        : null;

    // Of several files the first, which wins where they differ.
    private string? UsersKubeconfig()
        => new[] { environment.Variable("KUBECONFIG")?.Split(Path.PathSeparator)[0], Path.Combine(environment.Home, ".kube", "config") }.FirstOrDefault(File.Exists);

    private string Origin() => KubeconfigPath() is { } path
        ? $"The kubeconfig {path}"
        : credentials?.MasterUrl is { Length: > 0 } ? "master_url" : "The access to the cluster that the connector runs in";

    // What the parser quotes may be of a file that is no kubeconfig at all.
    private static string Reason(Exception failure)
        => failure is YamlDotNet.Core.YamlException yaml ? $"line {yaml.Start.Line} is not what a kubeconfig has there" : failure.Message;

    private static bool IsUnreadable(Exception failure)
        => failure is KubeConfigException or KubernetesClientException or IOException or UnauthorizedAccessException or CryptographicException or FormatException
            or ArgumentException or InvalidOperationException or NullReferenceException or System.ComponentModel.Win32Exception or YamlDotNet.Core.YamlException
            or System.Text.Json.JsonException;
}
