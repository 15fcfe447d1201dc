namespace Connector.Server.Api;

/// <param name="State">online, offline, or unknown when the control session's owner did not answer.</param>
/// <param name="Leader">Id of the replica that holds the control session.</param>
internal sealed record SessionAnswer(string State, long Epoch, string? Leader, DateTime? Since);
