namespace Connector.Tests.Processes;

/// <summary>The built <c>connector</c> that stands beside us: its project is referenced, so its files are in our output folder.</summary>
internal static class ConnectorExecutable
{
    public static string Library { get; } = Path.Combine(AppContext.BaseDirectory, "connector.dll");

    /// <summary>Starts <c>connector</c> through the runtime that runs us.</summary>
    public static ChildProcess Start(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, ChildOutput handling = ChildOutput.Captured)
    {
        foreach (var file in (string[])[Library, Path.ChangeExtension(Library, ".runtimeconfig.json")])
        {
            if (!File.Exists(file))
            {
                throw new FileNotFoundException($"Starting the connector failed: '{file}' is missing. Build the whole solution first: dotnet build.", file);
            }
        }

        return ChildProcess.Start(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Library, .. arguments], environment, handling);
    }
}
