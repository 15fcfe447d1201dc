using System.Collections.Immutable;
using System.Net;
using Connector.Relay.Streams;
using Connector.Server.Edge.Admission;
using Connector.Server.Edge.Links;
using Connector.Server.Feed;

namespace Connector.Server.Edge.Sockets;

/// <summary>Words of a socket's log records: each names the socket, and of replica, upstream, client and reason what there is.</summary>
internal sealed class SocketJournal(IEdgeFeed feed, TimeProvider time)
{
    /// <summary>The upstream was refused or failed, or there was nobody to ask. One record for one client.</summary>
    public void OpenFailed(EdgeSocket socket, OpenFailure failure)
        => Write(
            socket,
            failure.Link,
            "warn",
            $"socket {socket.Name}: the connection of {failure.Client} was closed: {failure.Text}",
            ("client", failure.Client.ToString()),
            ("replica", failure.Link?.ReplicaId.Value ?? ""),
            ("upstream", failure.Upstream),
            ("reason", failure.Reason));

    public void OpenFailedMore(EdgeSocket socket, OpenFailureLog.Summary summary)
        => Write(
            socket,
            summary.Last.Link,
            "warn",
            $"socket {socket.Name}: {summary.Count} more connections were closed, the last of {summary.Last.Client}: {summary.Last.Text}",
            ("client", summary.Last.Client.ToString()),
            ("replica", summary.Last.Link?.ReplicaId.Value ?? ""),
            ("upstream", summary.Last.Upstream),
            ("count", summary.Count.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("reason", summary.Last.Reason));

    public void StreamFailed(EdgeSocket socket, AdmittedLink link, IPEndPoint client, StreamOutcome outcome)
        => Write(
            socket,
            link,
            "error",
            $"socket {socket.Name}: the connection of {client} failed inside the relay: {outcome.Reason}",
            ("client", client.ToString()),
            ("replica", link.ReplicaId.Value),
            ("reason", outcome.Reason));

    public void Denied(EdgeSocket socket, IPAddress client, AdmissionVerdict verdict)
        => Write(
            socket,
            null,
            "warn",
            $"socket {socket.Name}: {client} was not let in: {Explain(verdict)}",
            ("client", client.ToString()),
            ("reason", verdict.ToString()));

    /// <param name="balancer">The peer, which is believed when it names a client.</param>
    /// <param name="reason">What came instead of a header.</param>
    public void BadProxyHeader(EdgeSocket socket, IPEndPoint balancer, string reason)
        => Write(
            socket,
            null,
            "warn",
            $"socket {socket.Name}: the connection that load balancer {balancer} passed on was closed: {reason}",
            ("client", balancer.ToString()),
            ("reason", AdmissionVerdict.BadProxyHeader.ToString()));

    public void DeniedMore(EdgeSocket socket, DenialLog.Summary summary)
        => Write(
            socket,
            null,
            "warn",
            $"socket {socket.Name}: {summary.Count} more connections were not let in, the last of {summary.Last}: {Explain(summary.Verdict)}",
            ("client", summary.Last.ToString()),
            ("count", summary.Count.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("reason", summary.Verdict.ToString()));

    public void PolicyCut(EdgeSocket socket, int count)
        => Write(
            socket,
            null,
            "info",
            $"socket {socket.Name}: {count} live connections were reset, their addresses are not allowed any more",
            ("count", count.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("reason", "policy"));

    private static string Explain(AdmissionVerdict verdict) => verdict switch
    {
        AdmissionVerdict.NotPublic => "the socket is not public (edge.public)",
        AdmissionVerdict.AddressNotAllowed => "the address is not in edge.allowed_ips",
        AdmissionVerdict.BadProxyHeader => "its PROXY protocol header was missing or wrong",
        AdmissionVerdict.Full => "the socket has as many connections as it may have",
        _ => verdict.ToString(),
    };

    private void Write(EdgeSocket socket, AdmittedLink? link, string severity, string message, params ReadOnlySpan<(string, string)> fields)
    {
        // Without a replica, the record goes to the connector that would have served.
        if ((link?.ConnectorId ?? (socket.Connectors.IsEmpty ? null : socket.Connectors[0])) is not { } connector)
        {
            return;
        }

        var values = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>(fields.Length + 1);
        values.Add(new("socket", socket.Name));
        foreach (var (name, value) in fields)
        {
            values.Add(new(name, value));
        }

        feed.Report(new EdgeReport.Logged(connector, socket.Id, time.GetUtcNow(), severity, message, values.MoveToImmutable()));
    }
}
