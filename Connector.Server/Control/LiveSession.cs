using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>The control session of a connector: the one accepted claim.</summary>
internal sealed record LiveSession(Claim Claim, SessionEpoch Epoch, DateTimeOffset Since, DateTimeOffset LastHeard);
