using Connector.Host.Running;

namespace Connector.Host.Dev;

/// <summary>What a newcomer reads after <c>connector dev</c>.</summary>
internal static class DevScreen
{
    /// <param name="schemes">Scheme by socket name, for those that were exposed by this start.</param>
    /// <param name="adminTokenPath">Where the admin token lies; the token itself is not printed, terminals are recorded.</param>
    public static string Render(ReadyReport report, IReadOnlyDictionary<string, string> schemes, string adminTokenPath, string dataDirectory, IEnumerable<string> notes)
    {
        var text = new System.Text.StringBuilder();
        text.AppendLine().AppendLine("Everything runs: control plane, edge, portal and one replica, on loopback only.").AppendLine();
        foreach (var note in notes)
        {
            text.Append("  note: ").AppendLine(note);
        }

        text.AppendLine("Reach your sockets:");
        var width = report.Sockets.Select(socket => socket.Name.Length).DefaultIfEmpty(4).Max();
        foreach (var socket in report.Sockets)
        {
            text.Append("  ").Append(socket.Name.PadRight(width)).Append("  ")
                .AppendLine(Client(socket, schemes.TryGetValue(socket.Name, out var scheme) ? scheme : socket.Type));
        }

        text.AppendLine()
            .Append("Portal       ").AppendLine(report.PortalUrl)
            .Append("API          ").AppendLine(report.ApiUrl)
            .Append("Admin token  in ").AppendLine(adminTokenPath)
            .Append("Data         ").Append(dataDirectory).AppendLine("  (--fresh starts over)")
            .AppendLine()
            .AppendLine("Try next:")
            .AppendLine("  connector dev --expose db=postgres://127.0.0.1:5432 --expose shell=ssh://127.0.0.1:22")
            .Append("  curl -H \"Authorization: Bearer $(cat ").Append(Quote(adminTokenPath)).Append(")\" ").Append(report.ApiUrl).AppendLine("/sockets");
        if (report.Replicas is [{ HealthUrl: { } health }, ..])
        {
            text.Append("  connector status --health ").AppendLine(new Uri(health).Authority);
        }

        return text.AppendLine().AppendLine("Ctrl-C stops it.").ToString();
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
