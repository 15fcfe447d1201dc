using System.Collections.Immutable;
using Connector.Host.Commands;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;

namespace Connector.Tests.Host;

/// <summary>A home directory, an environment and captured output for the command line, run in this process.</summary>
public sealed class HostFixture : IDisposable
{
    public const string ConnectorIdText = "c0ffee00-0000-4000-8000-000000000001";

    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public string Home { get; } = Directory.CreateTempSubdirectory("host-").FullName;

    public Dictionary<string, string> Variables { get; } = [];

    public string Output => output.ToString();

    public string Error => error.ToString();

    public Roles Roles { get; set; } = new(
        (_, _) => throw new InvalidOperationException("no server was expected"), (_, _) => throw new InvalidOperationException("no replica was expected"));

    public HostEnvironment Environment => new(
        Variables.ToImmutableDictionary(StringComparer.Ordinal), Home, TextWriter.Synchronized(output), TextWriter.Synchronized(error), TimeProvider.System);

    public static string Token(string? url = "https://border0.test:8443", DateTimeOffset? expires = null)
    {
        using var key = SigningKey.Create();
        return new TokenIssuer(key).IssueConnectorToken(new ConnectorTokenClaims(
            "token-1", new ConnectorId(ConnectorIdText), "org-1", new Uri(url!), [], DateTimeOffset.UtcNow, expires));
    }

    public Task<int> RunAsync(params string[] arguments) => RunAsync(CancellationToken.None, arguments);

    public Task<int> RunAsync(CancellationToken stopping, params string[] arguments) => CommandLine.RunAsync(arguments, Environment, Roles, stopping);

    public string Write(string name, string content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var path = Path.Combine(Home, name);
        File.WriteAllText(path, content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }

        return path;
    }

    public void Dispose()
    {
        output.Dispose();
        error.Dispose();
        Directory.Delete(Home, recursive: true);
    }
}
