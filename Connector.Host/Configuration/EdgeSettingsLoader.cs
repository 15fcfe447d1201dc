using System.Net;
using Connector.Host.Errors;
using Connector.Protocol;
using Connector.Protocol.Tokens;
using Connector.Protocol.Variables;

namespace Connector.Host.Configuration;

/// <summary>Puts the settings of an edge of its own together. Order, weakest first: default, file, environment, flag.</summary>
internal sealed class EdgeSettingsLoader(HostEnvironment environment, SecretFiles secretFiles)
{
    private readonly List<string> notes = [];

    /// <exception cref="ConnectorError">Something is missing or wrong.</exception>
    public static EdgeSettings Load(ServerFlags flags, HostEnvironment environment) => new EdgeSettingsLoader(environment, SecretFiles.For(environment)).Load(flags);

    /// <inheritdoc cref="Load(ServerFlags, HostEnvironment)"/>
    public EdgeSettings Load(ServerFlags flags)
    {
        var file = flags.ConfigFile is null ? new ServerFile() : ServerFile.Read(flags.ConfigFile);
        var server = ServerSettings.Load(flags, environment);
        NoteUnused(flags, file);
        var credential = Credential(file, flags.ConfigFile);
        var claims = Claims(credential);
        if (claims.ExpiresAt is { } expiry && expiry + TokenVerifier.Leeway < environment.Time.GetUtcNow())
        {
            notes.Add($"the edge credential expired at {expiry.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC by this machine's clock; the control plane will refuse it unless the clock is off");
        }

        var tunnel = server.TunnelAddress ?? throw new ConnectorError(
            "Cannot start the edge", "tunnel_address is not set, and replicas are told to dial it",
            $"Set tunnel_address in the configuration, {EnvironmentNames.TunnelAddress} or --tunnel-address to {ConfigurationText.HostAndPortExample}, as replicas reach this edge");
        var tunnelHost = tunnel[..tunnel.LastIndexOf(':')].Trim('[', ']');
        return new EdgeSettings(
            credential,
            claims,
            ServerUrl(file, claims),
            flags.DataDirectory is null && file.DataDirectory is null ? Path.Combine(environment.Home, ".border0", "edge") : server.DataDirectory,
            tunnel,
            server.PublicHost ?? tunnelHost,
            server.BindAddress ?? IPAddress.IPv6Any,
            server.TunnelPort,
            Health(flags, file),
            server.ResumeWithin,
            server.Certificate,
            server.Key,
            server.LogLevel,
            [.. notes]);
    }

    private void NoteUnused(ServerFlags flags, ServerFile file)
    {
        string[] unused =
        [
            .. file.PublicUrl is not null ? ["public_url"] : Array.Empty<string>(),
            .. flags.HttpsPort is not null || file.HttpsPort is not null ? ["the HTTPS port"] : Array.Empty<string>(),
            .. flags.HttpPort is not null || file.HttpPort is not null ? ["the HTTP port"] : Array.Empty<string>(),
            .. flags.EdgePorts is not null || file.EdgePorts is not null ? ["edge_ports"] : Array.Empty<string>(),
        ];
        if (unused.Length > 0)
        {
            notes.Add($"{string.Join(", ", unused)}: not used by an edge alone; its control plane has them");
        }
    }

    private Secret Credential(ServerFile file, string? path)
    {
        var fromEnvironment = environment.Variable(EnvironmentNames.EdgeToken);
        var text = fromEnvironment ?? file.EdgeToken ?? throw new ConnectorError(
            "Cannot start the edge", $"it has no edge credential: {EnvironmentNames.EdgeToken} is not set, and {(path is null ? "there is no configuration file" : $"{path} has no edge_token")}",
            $"Make one on the control plane (POST /api/v1/edge), and set {EnvironmentNames.EdgeToken}, or write edge_token: from:file:PATH into the configuration");
        var references = environment.References;
        if (references.PathOf(text) is { } credentialFile)
        {
            Note(secretFiles.Check(credentialFile, "the edge credential"));
        }
        else if (fromEnvironment is null && VariableReference.Parse(text) is VariableReference.Literal)
        {
            Note(secretFiles.Check(path!, "the edge credential"));
        }

        try
        {
            return new Secret(references.Resolve(text).Trim());
        }
        catch (VariableReferenceException failure)
        {
            throw new ConnectorError("Cannot resolve the edge credential", failure.Message.TrimEnd('.'), "Correct the reference", inner: failure);
        }
    }

    private static EdgeCredentialClaims Claims(Secret credential)
    {
        try
        {
            return EdgeCredentialReader.Read(credential);
        }
        catch (FormatException failure)
        {
            var isConnectors = IsConnectorToken(credential);
            throw new ConnectorError(
                "Cannot use the edge credential", isConnectors ? "it is a connector token, which is for replicas" : failure.Message,
                isConnectors ? "Make an edge credential on the control plane (POST /api/v1/edge)" : "Copy it again, or make a new one (POST /api/v1/edge)", inner: failure);
        }
    }

    private static bool IsConnectorToken(Secret credential)
    {
        try
        {
            ConnectorTokenReader.Read(credential);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private Uri ServerUrl(ServerFile file, EdgeCredentialClaims claims)
    {
        var (text, source) = environment.Variable(EnvironmentNames.EdgeServer) is { } named ? (named, EnvironmentNames.EdgeServer) : (file.EdgeServer, "edge_server");
        if (text is null)
        {
            return claims.ServerUrl.Scheme == Uri.UriSchemeHttps ? claims.ServerUrl : throw new ConnectorError(
                "Cannot use the edge credential", $"it names the server {claims.ServerUrl}, which is not an https address", "Give the server an https public_url, and make a new credential");
        }

        return ConfigurationText.ServerUrl(text) ?? throw new ConnectorError(
            $"Cannot use {source}", "it is not an https address of a server", "Write for example border0.example.com:8443 or https://border0.example.com:8443");
    }

    private static IPEndPoint? Health(ServerFlags flags, ServerFile file)
    {
        var text = flags.Health ?? file.Health ?? EdgeSettings.DefaultHealth;
        return text == "off" ? null : ConfigurationText.EndPoint(text)
            ?? throw new ConnectorError($"Cannot use the health address \"{text}\"", "it is not an address with a port", $"Write for example {EdgeSettings.DefaultHealth}, or off");
    }

    private void Note(string? note)
    {
        if (note is not null)
        {
            notes.Add(note);
        }
    }
}
