using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Connector.Actors.Reach;

namespace Connector.Tests.Actors.Sockets;

/// <summary>Answers dials by a script per upstream host; without one it connects.</summary>
internal sealed class ScriptedDialer : IUpstreamDialer
{
    public ConcurrentQueue<PlainUpstream> Dialled { get; } = new();

    public ConcurrentDictionary<string, Func<CancellationToken, Task<DialOutcome>>> Scripts { get; } = new();

    public Task<DialOutcome> DialAsync(PlainUpstream upstream, CancellationToken cancellationToken)
    {
        Dialled.Enqueue(upstream);
        return Scripts.TryGetValue(upstream.Host, out var script)
            ? script(cancellationToken)
            : Task.FromResult<DialOutcome>(new DialOutcome.Connected(
                new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), new IPEndPoint(IPAddress.Loopback, upstream.Port)));
    }
}
