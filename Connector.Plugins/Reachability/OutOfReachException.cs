using System.Net;

namespace Connector.Plugins.Reachability;

/// <summary>An address may not be dialled from here, and was not.</summary>
internal sealed class OutOfReachException(IPAddress address, string rule)
    : IOException($"{address} is outside of this connector's reach: {rule}; name another address, or see the section reach of the connector's own configuration");
