using System.Globalization;
using Connector.Host.Running;

namespace Connector.Host.Dev;

/// <summary>What a newcomer reads after <c>connector dev</c>.</summary>
/// <param name="command">How the reader types this program.</param>
/// <param name="adminTokenPath">Where the admin token lies; the token itself is not printed, terminals are recorded.</param>
internal sealed class DevScreen(string command, string adminTokenPath, string dataDirectory, IReadOnlyCollection<string> notes)
{
    /// <param name="exposed">Names of the sockets that this start exposes, in the order they were named.</param>
    public string Render(ReadyReport report, IReadOnlyCollection<DevSocket> sockets, IReadOnlyList<string> exposed)
    {
        var text = new System.Text.StringBuilder();
        var replicas = report.Replicas;
        text.AppendLine().Append("Everything runs: control plane, edge, portal and ")
            .Append(replicas.Length == 1 ? "one replica" : string.Create(CultureInfo.InvariantCulture, $"{replicas.Length} replicas"))
            .AppendLine(", on loopback only.").AppendLine();
        foreach (var note in notes)
        {
            text.Append("note: ").AppendLine(note);
        }

        if (notes.Count > 0)
        {
            text.AppendLine();
        }

        var width = sockets.Select(socket => socket.Socket.Name.Length).DefaultIfEmpty(4).Max();
        text.AppendLine("Reach your sockets:");
        foreach (var name in exposed)
        {
            AddSockets(text, sockets.Where(socket => socket.Socket.Name == name), width);
        }

        var kept = sockets.Where(socket => !exposed.Contains(socket.Socket.Name)).OrderBy(socket => socket.Socket.Name, StringComparer.Ordinal).ToArray();
        if (kept.Length > 0)
        {
            text.AppendLine().AppendLine("Kept from earlier runs (--fresh forgets them):");
            AddSockets(text, kept, width);
        }

        if (replicas.Length > 1)
        {
            text.AppendLine().AppendLine("Replicas, each a process of its own, started again when it ends:");
            foreach (var replica in replicas)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"  {replica.Id}  process {replica.Pid,-7}  {replica.HealthUrl}status");
            }
        }

        text.AppendLine()
            .Append("Portal       ").AppendLine(report.PortalUrl)
            .Append("API          ").AppendLine(report.ApiUrl)
            .Append("Admin token  in ").AppendLine(adminTokenPath)
            .Append("Data         ").Append(dataDirectory).AppendLine("  (--fresh starts over)")
            .AppendLine()
            .AppendLine("Try next:")
            .Append("  ").Append(command).AppendLine(" dev --expose db=postgres://127.0.0.1:5432 --expose shell=ssh://127.0.0.1:22")
            .Append("  curl -H \"Authorization: Bearer $(cat ").Append(Quote(adminTokenPath)).Append(")\" ").Append(report.ApiUrl).AppendLine("/sockets");
        if (report.Replicas is [{ HealthUrl: { } health }, ..])
        {
            text.Append("  ").Append(command).Append(" status --health ").AppendLine(new Uri(health).Authority);
        }

        return text.AppendLine().AppendLine("Ctrl-C stops it.").ToString();
    }

    private static void AddSockets(System.Text.StringBuilder text, IEnumerable<DevSocket> sockets, int width)
    {
        foreach (var socket in sockets)
        {
            text.Append("  ").Append(socket.Socket.Name.PadRight(width)).Append("  ").AppendLine(socket.NotServed is { } reason
                ? $"not reachable: {reason}"
                : $"{Client(socket.Socket, socket.Scheme),-40}  to {socket.Upstream}");
        }
    }

    private static string Client(ReadySocket socket, string scheme)
    {
        var colon = socket.Endpoint.LastIndexOf(':');
        var (host, port) = (socket.Endpoint[..colon].Trim('[', ']'), socket.Endpoint[(colon + 1)..]);
        return scheme switch
        {
            "http" => $"curl http://{socket.Endpoint}/",
            "https" => $"curl -k https://{socket.Endpoint}/",
            "ssh" => $"ssh -p {port} {host}",
            "postgres" => $"psql -h {host} -p {port} -U postgres",
            "mysql" => $"mysql -h {host} -P {port} --protocol=tcp -u root -p",
            "vnc" => $"vncviewer {host}::{port}",
            "rdp" => $"xfreerdp /v:{socket.Endpoint}",
            _ => $"nc {host} {port}",
        };
    }

    private static string Quote(string path) => path.Contains(' ') ? $"'{path}'" : path;
}
