using System.Net;
using Connector.Relay.ProxyProtocol;
using Connector.Server.Edge.Admission;

namespace Connector.Server.Edge.Sockets;

/// <summary>What a load balancer said of the connection that it passes on: exactly one of client, problem, or nothing.</summary>
/// <param name="Client">Whom it names.</param>
/// <param name="Problem">Why nobody is known, for a record; empty when there is nothing to record.</param>
internal sealed record BalancerHeader(IPEndPoint? Client, string Problem)
{
    // The balancer's own health check, or one that was cut by this edge.
    private static readonly BalancerHeader Nobody = new(null, "");

    /// <summary>Reads exactly the header. Never throws for what the peer does.</summary>
    public static async Task<BalancerHeader> ReadAsync(ClientConnection connection, TimeSpan deadline, TimeProvider time)
    {
        try
        {
            return await ProxyHeaderReader.ReadAsync(connection.Socket, connection.BeginOpen(deadline, time)).ConfigureAwait(false) switch
            {
                null or { IsLocal: true } => Nobody,
                { Source: { } client } => new(new IPEndPoint(ClientAdmission.Normalize(client.Address), client.Port), ""),
                _ => new(null, "its PROXY protocol header does not name the client (family unspecified), so nobody can say whether it may come in"),
            };
        }
        catch (ProxyHeaderException e)
        {
            return new(null, e.Message);
        }
        catch (OperationCanceledException)
        {
            return connection.IsCut ? Nobody : new(null, $"no whole PROXY protocol header came within {deadline.TotalSeconds:0.#} s");
        }
        finally
        {
            connection.EndOpen();
        }
    }
}
