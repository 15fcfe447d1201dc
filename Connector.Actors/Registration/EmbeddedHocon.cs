using Akka.Configuration;

namespace Connector.Actors.Registration;

/// <summary>The embedded .conf files of this folder, one per concern.</summary>
internal static class EmbeddedHocon
{
    public static Config Dispatchers => Read("dispatchers");

    public static Config Logging => Read("logging");

    public static Config Persistence => Read("persistence");

    public static Config Shutdown => Read("shutdown");

    private static Config Read(string name)
    {
        var resource = $"{typeof(EmbeddedHocon).Namespace}.{name}.conf";
        using var stream = typeof(EmbeddedHocon).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the embedded configuration {resource} is missing from the build");
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
