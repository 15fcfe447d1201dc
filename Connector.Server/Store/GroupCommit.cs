using Connector.Protocol.Ids;

namespace Connector.Server.Store;

/// <summary>What a decision did to the control session.</summary>
/// <param name="Epoch">The stored one after it.</param>
/// <param name="Fenced">The control session was of a member that it removed: its epoch is over.</param>
public sealed record GroupCommit(SessionEpoch Epoch, bool Fenced);
