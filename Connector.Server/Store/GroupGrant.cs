using Connector.Protocol.Ids;

namespace Connector.Server.Store;

/// <summary>Who may form a group, and since when by the control plane's clock.</summary>
public sealed record GroupGrant(GroupBootId Holder, DateTimeOffset At);
