using Akka.Configuration;

namespace Connector.Actors.Registration;

/// <summary>The embedded .conf files, one per concern, beside the code they are for.</summary>
internal static class EmbeddedHocon
{
    public static Config Dispatchers => Read("Registration.dispatchers");

    public static Config Group => Read("Group.group");

    public static Config Logging => Read("Registration.logging");

    public static Config Persistence => Read("Registration.persistence");

    public static Config Serialization => Read("Registration.serialization");

    public static Config Shutdown => Read("Registration.shutdown");

    private static Config Read(string name)
    {
        var resource = $"Connector.Actors.{name}.conf";
        using var stream = typeof(EmbeddedHocon).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the embedded configuration {resource} is missing from the build");
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
