using Connector.Protocol.Ids;

namespace Connector.Server.Edge.Links;

/// <summary>A known link, as far as the admission of a lane depends on it.</summary>
/// <param name="Lanes">Live ones and those that were admitted and are not attached yet.</param>
internal readonly record struct LinkFacts(LinkKey Key, ConnectorId Connector, int Lanes);
