using System.Collections.Immutable;
using System.Net;

namespace Connector.Host.Drill;

/// <param name="ReadyFile">Of <c>dev</c> or of a script that writes the like; null: <paramref name="Health"/> and the environment say all.</param>
/// <param name="Health">Of the replicas on this machine, when there is no ready file.</param>
/// <param name="Sockets">Names; empty for all that are served.</param>
/// <param name="Echo">What is behind sockets that are not HTTP sends back what it gets.</param>
/// <param name="Restarts">How many, when they are among the events.</param>
/// <param name="Settle">How long all replicas may take to be healthy again after a step.</param>
internal sealed record DrillOptions(
    string? ReadyFile, ImmutableArray<IPEndPoint> Health, ImmutableArray<string> Sockets, int Rate, int Streams, ImmutableArray<DrillEvent> Events, bool Echo,
    bool EvenTheLast, TimeSpan FreezeFor, TimeSpan Settle, int Restarts);
