namespace Connector.Actors.State;

/// <summary>A pushed item that cannot be used and was left out; the others are unaffected.</summary>
/// <param name="Kind">"socket" or "plugin".</param>
/// <param name="Id">As received; may be empty.</param>
/// <param name="KeptPrevious">The definition that was known before stays in force.</param>
public sealed record RejectedItem(string Kind, string Id, string Name, string Reason, bool KeptPrevious);
