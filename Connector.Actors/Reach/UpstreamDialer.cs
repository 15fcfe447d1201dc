using System.Net;
using System.Net.Sockets;

namespace Connector.Actors.Reach;

/// <summary>Resolve, filter by reach, connect: the only way from this replica to an upstream.</summary>
public sealed class UpstreamDialer : IUpstreamDialer
{
    private readonly ReachPolicy reach;
    private readonly UpstreamDialerOptions options;
    private readonly TimeProvider time;
    private readonly INameResolver names;

    public UpstreamDialer(ReachPolicy reach, UpstreamDialerOptions options, TimeProvider time)
        : this(reach, options, time, new SystemNameResolver())
    {
    }

    internal UpstreamDialer(ReachPolicy reach, UpstreamDialerOptions options, TimeProvider time, INameResolver names)
    {
        this.reach = reach;
        this.options = options;
        this.time = time;
        this.names = names;
    }

    public async Task<DialOutcome> DialAsync(PlainUpstream upstream, CancellationToken cancellationToken)
    {
        if (upstream.Port is < 1 or > 65535)
            return new DialOutcome.Unreachable($"upstream {upstream} has no valid port; it must be between 1 and 65535");

        IPAddress[] addresses;
        try
        {
            // WaitAsync: the system's resolver cannot be interrupted everywhere.
            addresses = await names.ResolveAsync(upstream.Host, cancellationToken)
                .WaitAsync(options.ResolveTimeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return new DialOutcome.TimedOut(
                $"upstream {upstream}: the name did not resolve within {options.ResolveTimeout.TotalSeconds:0.#} s; check this replica's name servers");
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return new DialOutcome.Unreachable($"upstream {upstream}: the name does not resolve here ({e.Message}); check its spelling and this replica's name servers");
        }

        if (addresses.Length == 0)
            return new DialOutcome.Unreachable($"upstream {upstream}: the name has no address; check its spelling and this replica's name servers");

        var permitted = Filter(addresses, out var rule);
        if (permitted.Count == 0)
        {
            return new DialOutcome.Forbidden(rule, $"upstream {upstream} is not dialled: {Names(upstream, addresses)} is forbidden by {rule}");
        }

        return await ConnectAsync(upstream, permitted, cancellationToken).ConfigureAwait(false);
    }

    private List<IPAddress> Filter(IPAddress[] addresses, out string rule)
    {
        rule = "";
        var permitted = new List<IPAddress>(Math.Min(addresses.Length, options.MaxAddresses));
        foreach (var address in addresses)
        {
            var verdict = reach.Evaluate(address);
            if (!verdict.Allowed)
                rule = rule.Length == 0 ? verdict.Rule : rule;
            else if (permitted.Count < options.MaxAddresses && !permitted.Contains(address))
                permitted.Add(address);
        }

        return permitted;
    }

    // Each address gets a head start over the next; the first connection wins and the others are closed.
    private async Task<DialOutcome> ConnectAsync(PlainUpstream upstream, List<IPAddress> addresses, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.ConnectTimeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);

        var running = new List<Task<Connection>>();
        var failures = new List<Connection>();
        var next = 0;
        try
        {
            while (next < addresses.Count || running.Count > 0)
            {
                if (next < addresses.Count)
                    running.Add(ConnectOneAsync(new IPEndPoint(addresses[next++], upstream.Port), stop.Token));

                var finished = await FirstOrHeadStartAsync(running, waitOnly: next >= addresses.Count, stop.Token).ConfigureAwait(false);
                if (finished is null)
                    continue;

                running.Remove(finished);
                var result = await finished.ConfigureAwait(false);
                if (result.Socket is { } socket)
                    return new DialOutcome.Connected(socket, result.Address);
                failures.Add(result);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (var loser in running)
                _ = CloseWhenDoneAsync(loser);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return Failure(upstream, failures, deadline.IsCancellationRequested);
    }

    private async Task<Task<Connection>?> FirstOrHeadStartAsync(List<Task<Connection>> running, bool waitOnly, CancellationToken stop)
    {
        if (waitOnly)
            return await Task.WhenAny(running).ConfigureAwait(false);

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var headStart = Task.Delay(options.HeadStart, time, ended.Token);
        var first = await Task.WhenAny(running.Append(headStart)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        return first as Task<Connection>;
    }

    /// <summary>Never faults; cancellation is a failure like others here.</summary>
    private async Task<Connection> ConnectOneAsync(IPEndPoint address, CancellationToken stop)
    {
        // The last gate, on exactly what is dialled, whatever path led here.
        var verdict = reach.Evaluate(address.Address);
        if (!verdict.Allowed)
            return new Connection(address, null, SocketError.AccessDenied);

        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await socket.ConnectAsync(address, stop).ConfigureAwait(false);
            return new Connection(address, socket, SocketError.Success);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            return new Connection(address, null, e.SocketErrorCode);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            return new Connection(address, null, SocketError.OperationAborted);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private DialOutcome Failure(PlainUpstream upstream, List<Connection> failures, bool deadlinePassed)
    {
        // What the service itself said tells more than silence of another of its addresses.
        var refused = failures.Find(f => f.Error == SocketError.ConnectionRefused);
        if (refused is not null)
        {
            var hint = options.InContainer && IPAddress.IsLoopback(EmbeddedAddresses.Normalize(refused.Address.Address))
                ? ". This replica runs in a container, where loopback is the container's own: use the host's address (host.docker.internal, host.containers.internal) or host networking"
                : "; check that the service runs and listens there";
            return new DialOutcome.Refused($"upstream {upstream} refused the connection ({Names(upstream, [refused.Address])}){hint}");
        }

        if (deadlinePassed || failures.Exists(f => f.Error == SocketError.TimedOut))
        {
            return new DialOutcome.TimedOut(
                $"upstream {upstream} did not answer within {options.ConnectTimeout.TotalSeconds:0.#} s ({Names(upstream, failures.Select(f => f.Address))}); check that the service runs and that no firewall drops the connection");
        }

        return new DialOutcome.Unreachable(
            $"upstream {upstream} cannot be reached ({Names(upstream, failures.Select(f => f.Address))}: {string.Join(", ", failures.Select(f => f.Error).Distinct())}); check this replica's routes and firewall");
    }

    /// <summary>Of a host that is configured, or a name: an address that a reference stands for is the value itself.</summary>
    private static string Names(PlainUpstream upstream, IEnumerable<object> addresses)
        => upstream.Reference is not null && IPAddress.TryParse(upstream.Host, out _) ? "the address that it stands for" : string.Join(", ", addresses.Take(4));

    private static async Task CloseWhenDoneAsync(Task<Connection> loser)
    {
        try
        {
            (await loser.ConfigureAwait(false)).Socket?.Dispose();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It lost the race; how does not matter.
        }
    }

    private sealed record Connection(IPEndPoint Address, Socket? Socket, SocketError Error);
}
