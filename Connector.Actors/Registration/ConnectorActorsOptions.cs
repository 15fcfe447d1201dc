using System.Net;
using Akka.Actor;
using Connector.Actors.Control;
using Connector.Actors.Discovery;
using Connector.Actors.Group;
using Connector.Actors.Health;
using Connector.Actors.Logs;
using Microsoft.Extensions.Logging;

namespace Connector.Actors.Registration;

/// <summary>What a replica's actor system is made of.</summary>
public sealed record ConnectorActorsOptions
{
    public required ControlSessionSettings Session { get; init; }

    public required Func<IServiceProvider, IControlTransport> Transport { get; init; }

    /// <summary>Props of the SocketSupervisor; becomes <c>/user/sockets</c>.</summary>
    public required Func<IServiceProvider, ActorSystem, Props> Sockets { get; init; }

    /// <summary>Props of the LinkSupervisor, given <c>/user/sockets</c>; becomes <c>/user/links</c>.</summary>
    public required Func<IServiceProvider, ActorSystem, IActorRef, Props> Links { get; init; }

    /// <summary>Null: this replica runs alone, without remoting.</summary>
    public GroupSettings? Group { get; init; }

    /// <summary>Needed by a replica of a group: whom to ask who may form, stay or must leave.</summary>
    public Func<IServiceProvider, IGroupVerdicts>? Verdicts { get; init; }

    /// <summary>Null: plugins are not run.</summary>
    public DiscoverySettings? Discovery { get; init; }

    /// <summary>Where the health endpoint listens; null for none.</summary>
    public IPEndPoint? Health { get; init; } = new(IPAddress.Loopback, 9480);

    /// <summary>The SQLite file that holds what a restart needs; null to keep nothing.</summary>
    public string? StateFile { get; init; }

    public LogOutboxLimits LogLimits { get; init; } = LogOutboxLimits.Default;

    /// <summary>Records below it are not shipped to the control plane.</summary>
    public LogLevel ShippedLogLevel { get; init; } = LogLevel.Information;

    /// <summary>How long running streams may go on after SIGTERM.</summary>
    public TimeSpan DrainGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What a host has to allow for the whole of stopping.</summary>
    public TimeSpan LongestStop => ReplicaShutdown.Longest(DrainGrace);

    /// <summary>Counts the streams that run; the same as the sockets have.</summary>
    public RunningStreams Streams { get; init; } = new();

    /// <summary>
    /// Called once, as soon as draining has begun and the control session and the group are left: gives up what a successor needs, such as the lock on
    /// the state directory. The health endpoint has stopped by then.
    /// </summary>
    public Func<Task>? HandOver { get; init; }

    /// <summary>Called once when the control session has ended for good; usually stops the host.</summary>
    public Action<IServiceProvider, ControlSessionProtocol.ControlSessionStopped>? SessionStopped { get; init; }

    /// <summary>Of the .NET thread pool: up to so many a blocked thread is replaced at once. More would compete for the cores under load.</summary>
    public int MinimumThreads { get; init; } = ThreadReserve.Usual;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Put before everything else: for tests and for tuning on the spot.</summary>
    public string ExtraHocon { get; init; } = "";
}
