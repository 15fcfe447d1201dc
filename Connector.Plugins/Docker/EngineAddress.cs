using Connector.Protocol.Plugins;

namespace Connector.Plugins.Docker;

/// <summary>Where the engine is, and the folder of the certificates that it is talked to with.</summary>
/// <param name="Text">For messages.</param>
/// <param name="SocketPath">Null when it is reached by TCP.</param>
/// <param name="Url">http or https; of a socket only its path counts.</param>
/// <param name="CertificateFolder">Of ca.pem, cert.pem and key.pem; null when TLS is not used, or with the system's trust and without a key of ours.</param>
/// <param name="IsConfigured">Whether the plugin's configuration names it, and not the environment of the connector.</param>
internal sealed record EngineAddress(string Text, string? SocketPath, Uri Url, string? CertificateFolder, bool IsConfigured)
{
    /// <summary>Null when the engine runs on this machine.</summary>
    public string? RemoteHost => SocketPath is not null || Url.IsLoopback ? null : Url.IdnHost;

    private const string LocalSocket = "/var/run/docker.sock";
    private const int PlainPort = 2375;
    private const int TlsPort = 2376;

    /// <summary>The configured address, else that of the usual environment variables, else the local socket.</summary>
    /// <exception cref="DiscoveryException">Not an address that can be used.</exception>
    public static EngineAddress Of(DockerDiscoveryConfiguration configuration, PluginEnvironment environment)
    {
        var configured = configuration.DockerHost is { Length: > 0 } host ? host : null;
        var text = configured ?? (environment.Variable("DOCKER_HOST") is { Length: > 0 } variable ? variable : $"unix://{LocalSocket}");
        var origin = configured is null ? "DOCKER_HOST" : "docker_host";
        if (text.StartsWith("unix://", StringComparison.Ordinal))
        {
            var path = text["unix://".Length..];
            return path.StartsWith('/') ? new EngineAddress(text, path, new Uri("http://docker"), null, configured is not null) : throw Unusable(origin);
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("tcp" or "http" or "https") || url.Host.Length == 0)
        {
            throw Unusable(origin);
        }

        var folder = environment.Variable("DOCKER_CERT_PATH") is { Length: > 0 } named ? named : null;
        var verifies = environment.Variable("DOCKER_TLS_VERIFY") is { Length: > 0 };
        var isTls = url.Scheme == "https" || (url.Scheme == "tcp" && (folder is not null || verifies));
        if (isTls && verifies)
        {
            folder ??= Path.Combine(environment.Home, ".docker");
        }

        var port = url.IsDefaultPort && !text.EndsWith($":{url.Port}", StringComparison.Ordinal) || url.Port < 0 ? (isTls ? TlsPort : PlainPort) : url.Port;
        var address = new UriBuilder(isTls ? "https" : "http", url.Host, port).Uri;
        return new EngineAddress($"{(isTls ? "https" : "tcp")}://{address.Host}:{port}", null, address, isTls ? folder : null, configured is not null);
    }

    // The text itself may hold a password.
    private static DiscoveryException Unusable(string origin) => new(
        DiscoveryFailure.Configuration,
        $"{origin} is not an address of a Docker engine that can be used: write unix:///var/run/docker.sock or tcp://host:2376 (ssh:// is not supported)");
}
