using System.Globalization;
using System.Text;
using Connector.Host.Running;

namespace Connector.Host.Status;

/// <summary>A replica's status for people.</summary>
internal static class StatusTable
{
    public static string Render(ReplicaStatus status)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"replica    {status.ReplicaId ?? "?"}  (connector {status.ConnectorId ?? "?"}, version {status.Version ?? "?"})");
        text.AppendLine(CultureInfo.InvariantCulture, $"state      {State(status)}");
        if (status.Streams is { } streams)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"streams    {streams.Live}{(streams.Live > 0 ? string.Create(CultureInfo.InvariantCulture, $", the oldest for {streams.OldestSeconds:0} s") : "")}");
        }

        if (status.Group is { } group)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"group      {Group(group)}");
            foreach (var member in group.Members ?? [])
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"           {Shown(member.Address)}  {Shown(member.ReplicaId)}{(member.Leader ? "  leader" : "")}{(member.ReplicaId == status.ReplicaId ? "  (this one)" : "")}");
            }
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"control    {status.ControlSession?.State ?? "unknown"}{Because(status.ControlSession?.Reason)}{Lamp(status.ControlSession?.Lamp)}");
        foreach (var link in status.Links ?? [])
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"edge       {link.EdgeId}  {Link(link)}{Lamp(link.Path)}");
        }

        if (status.Sockets is not { Length: > 0 } sockets)
        {
            return text.AppendLine("sockets    none").ToString();
        }

        string[] head = ["SOCKET", "STATE", "STREAMS", "ONLINE", "PATH", "UPSTREAM", "REASON"];
        var rows = sockets.OrderBy(socket => socket.Name ?? socket.Id, StringComparer.Ordinal).Select(socket => new[]
        {
            Shown(socket.Name ?? socket.Id), Shown(socket.State), socket.LiveStreams.ToString(CultureInfo.InvariantCulture),
            socket.Online ? "yes" : "no", Cell(socket.Path), Cell(socket.Upstream), Shown(Reason(socket)),
        }).Prepend(head).ToArray();
        text.AppendLine();
        TextTable.Append(text, rows);

        return text.ToString();
    }

    private static string State(ReplicaStatus status)
        // What is not ready says as which role.
        => status.Status is "ready" ? $"ready{(status.Role is null ? "" : $", {Shown(status.Role)}")}" : Shown(status.Status ?? status.Role ?? "unknown");

    private static string Group(GroupStatus group)
    {
        var members = group.Members ?? [];
        return members.IsEmpty
            ? $"none{Because(group.Reason)}"
            : string.Create(CultureInfo.InvariantCulture, $"{members.Length} members, generation {group.Generation}");
    }

    /// <summary>Nothing when the replica is of a version without lamps.</summary>
    private static string Lamp(LampStatus? lamp) => lamp is null ? "" : $"  (lamp {Cell(lamp)})";

    /// <summary>State, and the age of its proof.</summary>
    private static string Cell(LampStatus? lamp)
        => lamp is null ? "" : Shown(lamp.State) + (lamp.AgeSeconds is { } age ? string.Create(CultureInfo.InvariantCulture, $" {age:0}s") : "");

    /// <summary>The first thing that is wrong.</summary>
    private static string? Reason(SocketStatus socket)
        => !string.IsNullOrEmpty(socket.Reason) ? socket.Reason
            : socket.Path is { State: not "on" } path ? path.Reason
            : socket.Upstream is { State: not "on" } upstream ? upstream.Reason
            : "";

    // When it is up, the reason is a sentence that begins with the word.
    private static string Link(LinkStatus link) => !link.Connected ? $"not connected{Because(link.Reason)}"
        : link.Reason?.StartsWith("connected", StringComparison.Ordinal) == true ? Shown(link.Reason)
        : $"connected{Because(link.Reason)}";

    private static string Because(string? reason) => string.IsNullOrEmpty(reason) ? "" : $": {Shown(reason)}";

    /// <summary>Names and reasons come from afar: no control characters reach the terminal.</summary>
    private static string Shown(string? text)
        => text is null ? "" : new string([.. text.Where(letter => !char.IsControl(letter)).Take(200)]);
}
