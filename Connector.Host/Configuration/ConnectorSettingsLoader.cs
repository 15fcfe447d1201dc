using System.Collections.Immutable;
using System.Net;
using Connector.Actors.Group;
using Connector.Host.Errors;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;
using Connector.Protocol.Tokens;
using Connector.Protocol.Variables;

namespace Connector.Host.Configuration;

/// <summary>Puts a replica's settings together. Order, weakest first: default, file, environment, flag; only the file's own path goes the other way.</summary>
internal sealed class ConnectorSettingsLoader(HostEnvironment environment, SecretFiles secretFiles)
{
    public const string DefaultHealth = "127.0.0.1:9480";

    /// <summary>How long streams may go on after a request to stop.</summary>
    public static readonly TimeSpan DefaultDrainTimeout = TimeSpan.FromMinutes(15);

    private readonly List<string> notes = [];

    public static ConnectorSettings Load(ConnectorFlags flags, HostEnvironment environment)
        => new ConnectorSettingsLoader(environment, SecretFiles.For(environment)).Load(flags);

    /// <exception cref="ConnectorError">Something is missing or wrong.</exception>
    public ConnectorSettings Load(ConnectorFlags flags)
    {
        var path = FindFile(flags.ConfigFile);
        var file = path is null ? new ConnectorFile() : ConnectorFile.Read(path);
        RefuseInsecure(file);
        var token = Token(file, path);
        var claims = Claims(token);
        var connectorId = ConnectorId(flags, file, claims);
        if (claims.ExpiresAt is { } expiry && expiry + TokenVerifier.Leeway < environment.Time.GetUtcNow())
        {
            notes.Add($"the token expired at {expiry.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC by this machine's clock; the control plane will refuse it unless the clock is off");
        }

        var cluster = Cluster(file, path);
        return new ConnectorSettings(
            token,
            connectorId,
            claims.OrganizationId,
            ServerUrl(file, claims),
            new ServerTrust(claims.CaPins),
            StateDirectory(flags, file),
            Health(flags, file),
            LogLevel(file),
            new ReachRules(file.ReachAllow, file.ReachDeny),
            file.DrainTimeout ?? DefaultDrainTimeout,
            Variables(file),
            [.. notes])
        {
            ResumeWithin = file.ResumeWithin ?? ServerSettings.DefaultResumeWithin,
            Cluster = cluster,
        };
    }

    private GroupSettings? Cluster(ConnectorFile file, string? path)
    {
        var reader = new GroupSettingsReader(environment, secretFiles);
        var settings = reader.Read(file.Cluster, path);
        notes.AddRange(reader.Notes);
        return settings;
    }

    /// <summary>The address of the health endpoint, also for <c>status</c>, which needs no token.</summary>
    public IPEndPoint? Health(ConnectorFlags flags, ConnectorFile file)
    {
        var text = flags.Health ?? file.Health ?? DefaultHealth;
        return text == "off" ? null : ConfigurationText.EndPoint(text)
            ?? throw new ConnectorError($"Cannot use the health address \"{text}\"", "it is not an address with a port", "Write for example 127.0.0.1:9480, or off");
    }

    /// <summary>Null when no file was named and the default one does not exist.</summary>
    public string? FindFile(string? flag)
    {
        var named = environment.Variable(EnvironmentNames.ConfigFile);
        if (flag is not null && named is not null && Path.GetFullPath(flag) != Path.GetFullPath(named))
        {
            notes.Add($"--config names {flag} and {EnvironmentNames.ConfigFile} names {named}; {named} is used");
        }

        if ((named ?? flag) is { } chosen)
        {
            return chosen;
        }

        var usual = Path.Combine(environment.Home, ".border0", "config.yaml");
        return File.Exists(usual) ? usual : null;
    }

    private void RefuseInsecure(ConnectorFile file)
    {
        var source = environment.Variable(EnvironmentNames.ConnectorInsecure) is "1" or "true" or "TRUE" or "True" ? EnvironmentNames.ConnectorInsecure
            : file.ConnectorInsecure == true ? "connector_insecure"
            : null;
        if (source is not null)
        {
            throw new ConnectorError(
                $"Refused {source}", "a connection without TLS would show the token to everybody on the way, and this connector has no such mode",
                $"Remove {source}; for a server with its own CA, use a token that this server made: it carries the CA's pin");
        }

        if ((environment.Variable(EnvironmentNames.TunnelServer) ?? file.TunnelServer) is not null)
        {
            notes.Add("tunnel_server is not used: the control plane names the edges");
        }
    }

    private Secret Token(ConnectorFile file, string? path)
    {
        var fromEnvironment = environment.Variable(EnvironmentNames.Token);
        var text = fromEnvironment ?? file.Token ?? throw new ConnectorError(
            "Cannot start the connector", $"no Border0 token in credentials chain: {EnvironmentNames.Token} is not set, and {(path is null ? "there is no configuration file" : $"{path} has no token")}",
            $"Make a token for the connector in the portal, and set {EnvironmentNames.Token}, or write token: from:file:PATH into the configuration");
        var references = environment.References;
        if (references.PathOf(text) is { } tokenFile)
        {
            Note(secretFiles.Check(tokenFile, "the token"));
        }
        else if (fromEnvironment is null && VariableReference.Parse(text) is VariableReference.Literal)
        {
            Note(secretFiles.Check(path!, "the token"));
        }

        return new Secret(Resolve(references, text, "the token").Trim());
    }

    private static ConnectorTokenClaims Claims(Secret token)
    {
        try
        {
            return ConnectorTokenReader.Read(token);
        }
        catch (FormatException failure)
        {
            throw new ConnectorError("Cannot use the token", failure.Message, "Copy it again, or make a new token for the connector in the portal", inner: failure);
        }
    }

    private ConnectorId ConnectorId(ConnectorFlags flags, ConnectorFile file, ConnectorTokenClaims claims)
    {
        var wanted = flags.ConnectorId ?? file.ConnectorId;
        return wanted is null || string.Equals(wanted, claims.ConnectorId.Value, StringComparison.OrdinalIgnoreCase)
            ? claims.ConnectorId
            : throw new ConnectorError(
                "Cannot start the connector", $"connector_id is {wanted}, but the token is for connector {claims.ConnectorId}",
                "Remove connector_id, which the token names anyway, or use a token of that connector");
    }

    private Uri ServerUrl(ConnectorFile file, ConnectorTokenClaims claims)
    {
        var (text, source) = environment.Variable(EnvironmentNames.ConnectorServer) is { } named
            ? (named, EnvironmentNames.ConnectorServer)
            : (file.ConnectorServer, "connector_server");
        if (text is null)
        {
            return claims.ServerUrl.Scheme == Uri.UriSchemeHttps ? claims.ServerUrl : throw new ConnectorError(
                "Cannot use the token", $"it names the server {claims.ServerUrl}, which is not an https address", "Give the server an https public_url, and make a new token");
        }

        return ConfigurationText.ServerUrl(Resolve(environment.References, text, source)) ?? throw new ConnectorError(
            $"Cannot use {source}", "it is not an https address of a server", "Write for example border0.example.com:8443 or https://border0.example.com:8443");
    }

    private string StateDirectory(ConnectorFlags flags, ConnectorFile file)
    {
        // systemd may name several, separated by colons.
        var chosen = flags.StateDirectory ?? file.StateDirectory ?? environment.Variable(EnvironmentNames.StateDirectory)?.Split(':')[0]
            ?? Path.Combine(environment.Home, ".border0", "connector");
        return Path.GetFullPath(chosen.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(environment.Home, chosen[2..]) : chosen);
    }

    private string LogLevel(ConnectorFile file)
    {
        if (environment.Variable(EnvironmentNames.LogLevel) is not { } named)
        {
            return file.LogLevel is { } level ? LogLevels.Known(level)! : LogLevels.Default;
        }

        return LogLevels.Known(named) ?? throw new ConnectorError(
            $"Cannot use {EnvironmentNames.LogLevel}", $"\"{named}\" is no log level", $"Set it to one of {LogLevels.Names}");
    }

    private ImmutableDictionary<string, Secret> Variables(ConnectorFile file)
    {
        var texts = file.Variables.ToDictionary(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in environment.Variables)
        {
            if (name.StartsWith(EnvironmentNames.VariablePrefix, StringComparison.Ordinal) && name.Length > EnvironmentNames.VariablePrefix.Length)
            {
                texts[name[EnvironmentNames.VariablePrefix.Length..]] = value;
            }
        }

        return texts.ToImmutableDictionary(
            pair => pair.Key, pair => new Secret(Resolve(environment.References, pair.Value, $"variable {pair.Key}")), StringComparer.OrdinalIgnoreCase);
    }

    private static string Resolve(VariableResolver references, string text, string what)
    {
        try
        {
            return references.Resolve(text);
        }
        catch (VariableReferenceException failure)
        {
            var parts = failure.Message.Split("; ", 2);
            throw new ConnectorError(
                $"Cannot resolve {what}", parts[0], parts.Length > 1 ? char.ToUpperInvariant(parts[1][0]) + parts[1][1..] : "Correct the reference", inner: failure);
        }
    }

    private void Note(string? note)
    {
        if (note is not null)
        {
            notes.Add(note);
        }
    }
}
