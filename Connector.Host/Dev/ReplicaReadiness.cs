using System.Collections.Immutable;
using System.Globalization;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Connector.Host.Running;
using Connector.Host.Status;

namespace Connector.Host.Dev;

/// <summary>Asks replicas on this machine whether they serve, as one group.</summary>
internal static class ReplicaReadiness
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(5);

    /// <summary>Waits until each is ready and all are members of one group, as long as that may take.</summary>
    /// <returns>What is still missing then, one line each.</returns>
    public static async Task<ImmutableArray<string>> WaitAsync(Func<ImmutableArray<ReadyReplica>> replicas, TimeSpan patience, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var notes = new List<string>();
            var running = replicas();
            foreach (var replica in running)
            {
                if (replica.HealthUrl is { } url && await WhyNotAsync(new Uri(url), running.Length, cancellationToken).ConfigureAwait(false) is { } reason)
                {
                    notes.Add(string.Create(CultureInfo.InvariantCulture, $"after {patience.TotalSeconds:0} s replica {replica.Id} (process {replica.Pid}) {reason}"));
                }
            }

            if (notes.Count == 0 || TimeProvider.System.GetElapsedTime(began) > patience)
            {
                return [.. notes];
            }

            await Task.Delay(Poll, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <param name="members">That its group is to have.</param>
    /// <returns>Null when nothing is missing.</returns>
    public static string? WhyNot(ReplicaStatus? status, int members) => status switch
    {
        null => "does not answer at its health address",
        { Ready: not true } => $"is {status.Status ?? "not ready"}",
        { Role: not ("leader" or "member") } => $"is {status.Role ?? "in no group"}{(status.Group?.Reason is { Length: > 0 } reason ? $": {reason}" : "")}",
        _ when (status.Group?.Members?.Length ?? 0) is var known && known != members => string.Create(
            CultureInfo.InvariantCulture, $"is in a group of {known}; {members} replicas run"),
        _ => null,
    };

    private static async Task<string?> WhyNotAsync(Uri health, int members, CancellationToken cancellationToken)
    {
        try
        {
            var address = ConfigurationText.EndPoint(health.Authority) ?? throw new ConnectorError($"Cannot ask {health}", "it is no address", "Please report it");
            return WhyNot(await StatusReader.ReadAsync(address, Answer, cancellationToken).ConfigureAwait(false), members);
        }
        catch (ConnectorError failure)
        {
            return $"does not say how it is: {failure.Why}";
        }
    }
}
