using System.Net;
using Akka.Actor;
using Connector.Relay.Accounting;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Server.Edge.Accounting;
using Connector.Server.Edge.Links;
using Connector.Server.Edge.Sockets;
using Connector.Server.Edge.Tunnel;
using Connector.Server.Feed;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Edge;

/// <summary>One edge: the tunnel port, the links of replicas, the sockets' listeners. Runs on the server's actor system.</summary>
public sealed class EdgeNode : IHostedService, ILaneAcceptor, IAsyncDisposable
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(5);

    private readonly ActorSystem system;
    private readonly LinkTable links;
    private readonly LaneAcceptor acceptor;
    private readonly TunnelListener tunnel;
    private readonly EdgeSocketDependencies sockets;
    private readonly TimeProvider time;
    private readonly ILogger<EdgeNode> log;
    private IActorRef? supervisor;

    public EdgeNode(EdgeOptions options, IEdgeFeed feed, ActorSystem system, TimeProvider time, ILoggerFactory logs)
    {
        this.system = system;
        this.time = time;
        log = logs.CreateLogger<EdgeNode>();
        Memory = new RelayMemory(options.Memory with { End = RelayEnd.Edge });
        links = new LinkTable(
            options.Limits, time, (hello, thumbprint, owner) => new RelayLink(new EdgeLink(hello, thumbprint, Memory, owner, time, options.Limits.ResumeWithin)));
        EdgeMetrics.Show(links);
        acceptor = new LaneAcceptor(options, links, time, logs.CreateLogger<LaneAcceptor>());
        tunnel = new TunnelListener(options, acceptor, time, logs.CreateLogger<TunnelListener>());
        sockets = new EdgeSocketDependencies(options, links, feed, Memory.ForSocket, time);
    }

    /// <summary>Where the tunnel port listens, with its real port; known once started.</summary>
    public IPEndPoint TunnelEndPoint
        => tunnel.EndPoint ?? throw new InvalidOperationException("the edge has not been started, so its tunnel port is not known");

    /// <summary>Of the state in force.</summary>
    public int Sockets => links.Tables.State.Sockets.Length;

    /// <summary>Links now, those without a lane included.</summary>
    public int Links => links.Count;

    public int Lanes => links.Lanes;

    /// <summary>All memory of this edge's relay.</summary>
    public RelayMemory Memory { get; }

    /// <exception cref="EdgeStartException">The tunnel port cannot be had.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        tunnel.Start();
        supervisor = system.ActorOf(
            EdgeSupervisor.Props(
                sockets, state => TicketVerifier.For(state.TicketKeys, time, problem => log.LogError("edge: {Problem}", problem))),
            "edge");
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await tunnel.DisposeAsync().ConfigureAwait(false);
        if (supervisor is { } running)
        {
            supervisor = null;
            try
            {
                // The sockets first: their clients see a reset, and no new one is taken while the links end.
                await running.GracefulStop(StopDeadline).WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TaskCanceledException or OperationCanceledException or AskTimeoutException)
            {
                // What is left ends with the actor system.
            }
        }

        links.Close("the edge is stopping");
    }

    public Task AcceptAsync(Stream raw, EndPoint? remote, CancellationToken cancellationToken)
        => ((ILaneAcceptor)acceptor).AcceptAsync(raw, remote, cancellationToken);

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);
}
