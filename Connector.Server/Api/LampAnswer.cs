using Connector.Server.Control;

namespace Connector.Server.Api;

/// <summary>One verified state of a socket on a replica.</summary>
/// <param name="State">on, off or unknown.</param>
/// <param name="AgeSeconds">Since it was proven last; absent when it never was.</param>
/// <param name="Reason">Why it is not on.</param>
internal sealed record LampAnswer(string State, DateTime? Since, double? AgeSeconds, string? Reason)
{
    public bool IsOn => State == LampReport.On;

    public static LampAnswer Of(string state, DateTimeOffset? since, TimeSpan? age, string? reason) => new(
        state,
        since?.UtcDateTime,
        age is { } known ? Math.Round(Math.Max(0, known.TotalSeconds), 1) : null,
        string.IsNullOrEmpty(reason) ? null : reason);
}
