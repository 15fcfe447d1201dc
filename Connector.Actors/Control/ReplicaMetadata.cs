using System.Runtime.InteropServices;
using Connector.Protocol.Control.Wire;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Actors.Control;

/// <summary>What a replica tells of itself and its host, once per stream.</summary>
/// <param name="BuiltDate">YYYYMMDD.</param>
public sealed record ReplicaMetadata(
    string Version, string BuiltDate, string Hostname, string Os, string Platform, string PlatformVersion, string KernelVersion, string KernelArch)
{
    public static ReplicaMetadata OfThisHost(string version, string builtDate) => new(
        version,
        builtDate,
        Environment.MachineName,
        OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsLinux() ? "linux" : "",
        RuntimeInformation.RuntimeIdentifier,
        RuntimeInformation.OSDescription,
        Environment.OSVersion.Version.ToString(),
        RuntimeInformation.OSArchitecture.ToString());

    /// <param name="uptime">Of the host.</param>
    internal ConnectorMetadata ToWire(TimeSpan uptime)
    {
        var host = new Struct();
        Add(host, "hostname", Hostname);
        host.Fields["uptime"] = Value.ForNumber(Math.Floor(uptime.TotalSeconds));

        // The public client names these even when it does not know them.
        host.Fields["os"] = Value.ForString(Os);
        host.Fields["platform"] = Value.ForString(Platform);
        host.Fields["platform_version"] = Value.ForString(PlatformVersion);
        Add(host, "kernel_version", KernelVersion);
        Add(host, "kernel_arch", KernelArch);

        var replica = new Struct();
        Add(replica, "version", Version);
        Add(replica, "built_date", BuiltDate);
        replica.Fields["host_metadata"] = Value.ForStruct(host);

        var data = new Struct();
        data.Fields["connector_internal_metadata"] = Value.ForStruct(replica);
        return new ConnectorMetadata { Data = data };
    }

    private static void Add(Struct fields, string name, string value)
    {
        if (value.Length > 0)
            fields.Fields[name] = Value.ForString(value);
    }
}
