using Connector.Protocol;
using Connector.Protocol.Tokens;

namespace Connector.Actors.State;

/// <summary>Whether a ticket from an earlier start is still of use.</summary>
internal static class TicketCheck
{
    /// <summary>Longer ones are not kept; readers refuse them anyway.</summary>
    public const int Longest = 16 * 1024;

    /// <returns>Why not, without the ticket; null when it can be used.</returns>
    public static string? WhyUseless(Secret ticket, ReplicaIdentity identity, DateTimeOffset now)
    {
        try
        {
            var claims = TicketReader.Read(ticket);
            return claims.ConnectorId != identity.ConnectorId ? $"it is of connector {claims.ConnectorId}"
                : claims.ReplicaId != identity.ReplicaId ? $"it is of replica {claims.ReplicaId}"
                : claims.Thumbprint != identity.Key ? "it is of another key of this replica"
                : claims.ExpiresAt <= now ? $"it expired at {claims.ExpiresAt:u}"
                : null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }
}
