using System.Collections.Immutable;
using System.Net;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Connector.Host.Running;
using Connector.Host.Status;

namespace Connector.Host.Drill;

/// <summary>Where a drill finds its group: a ready file, read anew each time because processes come and go, or addresses and the environment.</summary>
internal sealed class DrillSource(DrillOptions options, HostEnvironment environment)
{
    // A frozen replica answers nobody.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <exception cref="ConnectorError">There is no such file, or it is no ready file.</exception>
    public ReadyReport? ReadyReport() => options.ReadyFile is not { } path ? null : ReadyFile.Read(path)
        ?? throw new ConnectorError($"Cannot read the ready file {path}", "there is no such file", "Start connector dev --replicas 3 --ready-file FILE, and wait until it is there");

    /// <summary>Of the API; null when nobody named one.</summary>
    public (Uri Url, string Token)? Api()
    {
        var report = ReadyReport();
        var (url, token) = (report?.ApiUrl ?? environment.Variable(EnvironmentNames.ApiUrl), report?.AdminToken ?? environment.Variable(EnvironmentNames.AdminToken));
        if (url is null || token is null)
        {
            return null;
        }

        return Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? (address, token)
            : throw new ConnectorError($"Cannot use {EnvironmentNames.ApiUrl}", $"\"{url}\" is no address of an API", "Write for example https://border0.example.com:8443/api/v1");
    }

    /// <summary>The replicas that answer, and those that are named and do not.</summary>
    /// <exception cref="ConnectorError">At an address something else answers.</exception>
    public async Task<ImmutableArray<DrillReplica>> ReplicasAsync(CancellationToken cancellationToken)
    {
        var listed = ReadyReport()?.Replicas ?? [];
        var replicas = ImmutableArray.CreateBuilder<DrillReplica>();
        foreach (var (address, id, pid) in options.ReadyFile is null
            ? options.Health.Select(static address => (address, (string?)null, (int?)null))
            : listed.Where(static replica => replica.HealthUrl is not null).Select(static replica => (EndPoint(new Uri(replica.HealthUrl!)), (string?)replica.Id, (int?)replica.Pid)))
        {
            var status = await TryReadAsync(address, cancellationToken).ConfigureAwait(false);

            // The process that answers counts; one that is not who the file says is on its way to be another.
            if (status is null ? id is not null : id is null || (status.ReplicaId == id && status.Pid == pid))
            {
                replicas.Add(Of(address, id, pid, status));
            }
        }

        return replicas.ToImmutable();
    }

    private static DrillReplica Of(IPEndPoint address, string? id, int? pid, ReplicaStatus? status) => new(
        status?.ReplicaId ?? id!,
        status?.ConnectorId ?? "",
        status?.Pid ?? pid ?? 0,
        address,
        status?.Ready == true,
        status?.Role ?? "unknown",
        status?.Streams?.Live ?? 0,
        TimeSpan.FromSeconds(status?.DrainTimeoutSeconds ?? 0),
        status?.Group?.Members?.Length ?? 0);

    private static async Task<ReplicaStatus?> TryReadAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        try
        {
            return await StatusReader.ReadAsync(address, Patience, cancellationToken).ConfigureAwait(false);
        }
        catch (ConnectorError)
        {
            // Frozen, ending, or none at all: not healthy, whichever it is.
            return null;
        }
    }

    private static IPEndPoint EndPoint(Uri url)
        => IPAddress.TryParse(url.IdnHost.Trim('[', ']'), out var address) ? new IPEndPoint(address, url.Port) : new IPEndPoint(IPAddress.Loopback, url.Port);
}
