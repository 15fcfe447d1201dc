using System.Net;

namespace Connector.Host.Drill;

/// <summary>A replica of the group on this machine, as it says of itself.</summary>
/// <param name="ProcessId">0 when it does not say.</param>
/// <param name="Healthy">It answers and is ready.</param>
/// <param name="Streams">That run over it now.</param>
/// <param name="Members">Of its group as it sees it, itself among them; 0 when it is in none.</param>
internal sealed record DrillReplica(
    string Id, string ConnectorId, int ProcessId, IPEndPoint Health, bool Healthy, string Role, int Streams, TimeSpan DrainTimeout, int Members = 0)
{
    public bool IsGrouped => Role is "leader" or "member";
}
