namespace Connector.Server.Control;

/// <summary>A lamp as a replica told it.</summary>
/// <param name="State">on, off or unknown.</param>
/// <param name="Age">Of its newest proof; null when it was never proven.</param>
public sealed record LampReport(string State, DateTimeOffset Since, TimeSpan? Age, string Reason)
{
    public const string On = "on";
    public const string Off = "off";
    public const string Unknown = "unknown";

    /// <summary>The same, told so long ago.</summary>
    public LampReport Later(TimeSpan by) => this with { Age = Age + by };
}
