using System.Collections.Immutable;
using Connector.Host.Running;

namespace Connector.Host.Dev;

/// <summary>The replicas that <c>dev</c> runs, in its own process or as children.</summary>
/// <param name="Running">Those that run now.</param>
/// <param name="Completion">Ends when none is left; the text says why. Faults when one in this process died.</param>
/// <param name="StopAsync">Drains and stops them; at once when asked for a second time. Safe to call twice.</param>
/// <param name="Notes">What the user should know, one line each.</param>
internal sealed record DevReplicas(
    Func<ImmutableArray<ReadyReplica>> Running, Task<string> Completion, Func<CancellationToken, Task> StopAsync, ImmutableArray<string> Notes);
