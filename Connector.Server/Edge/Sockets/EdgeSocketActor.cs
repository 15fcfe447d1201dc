using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.Streams;
using Connector.Server.Feed;

namespace Connector.Server.Edge.Sockets;

/// <summary>
/// One socket at the edge: owns its listener and, through its materializer, its streams. Stopping it closes the port and ends exactly these
/// streams. Clients do not pass through its mailbox.
/// </summary>
internal sealed class EdgeSocketActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ListenRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReleaseRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan DenialWindow = TimeSpan.FromSeconds(10);

    // A port that another socket gives up in the same change is free a moment later: that is no failure to report.
    private const int QuietAttempts = 3;

    private readonly EdgeSocketDependencies edge;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly ClientIntake intake;
    private EdgeSocket socket;
    private AcceptLoop? listener;
    private int listenAttempts;
    private string lastFailure = "";

    public EdgeSocketActor(EdgeSocket socket, EdgeSocketDependencies edge)
    {
        this.socket = socket;
        this.edge = edge;
        intake = new ClientIntake(socket, edge, Context.Materializer());
        Receive<EdgeSocketProtocol.ApplySocket>(message => Apply(message.Socket));
        Receive<ListenAgain>(_ => Listen());
        Receive<DenialWindowOver>(_ => intake.FlushRecords());
        Receive<AcceptStrained>(message => log.Warning(
            "socket {SocketId} on port {Port} cannot accept: {Reason}; trying again, clients wait in the queue",
            socket.Id, socket.Port, message.Reason));

        // Nothing that is expected ends the loop. The parent makes this actor anew.
        Receive<AcceptLoopFailed>(message => throw new InvalidOperationException(
            $"socket {this.socket.Id}: accepting on port {this.socket.Port} failed unexpectedly", message.Cause));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(EdgeSocket socket, EdgeSocketDependencies edge)
        => Akka.Actor.Props.Create(() => new EdgeSocketActor(socket, edge));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(DenialWindowOver), DenialWindowOver.Instance, DenialWindow);
        Listen();
    }

    protected override void PostStop()
    {
        listener?.Dispose();
        intake.Close();
    }

    private void Apply(EdgeSocket next)
    {
        var moved = next.Port != socket.Port;
        socket = next;
        intake.Update(next);
        if (moved)
        {
            // The old port is given up also when the new one cannot be had: it may be another socket's by now.
            listener?.Dispose();
            listener = null;
            listenAttempts = 0;
            lastFailure = "";
            Timers.Cancel(nameof(ListenAgain));
            Listen();
        }
    }

    private void Listen()
    {
        if (listener is not null)
        {
            return;
        }

        listenAttempts++;
        if (edge.Options.SocketPorts is { } range && !range.Contains(socket.Port))
        {
            // Nothing to retry: only another definition or another configuration of the edge changes that.
            Failed(ListenProblem.OutOfRange(socket.Port, range));
            return;
        }

        try
        {
            listener = AcceptLoop.Open(edge.Options.BindAddress, socket.Port, edge.Time);
        }
        catch (SocketException e)
        {
            var quiet = listenAttempts <= QuietAttempts && e.SocketErrorCode == SocketError.AddressAlreadyInUse;
            if (!quiet)
            {
                Failed(ListenProblem.Describe(edge.Options.BindAddress, socket.Port, e.SocketErrorCode, "give the socket another port"));
            }

            Timers.StartSingleTimer(nameof(ListenAgain), ListenAgain.Instance, quiet ? ReleaseRetry : ListenRetry);
            return;
        }

        Timers.Cancel(nameof(ListenAgain));
        listenAttempts = 0;
        lastFailure = "";
        var self = Self;
        listener.RunAsync(intake.Accept, e => self.Tell(new AcceptStrained(e.Message)))
            .PipeTo(self, failure: e => new AcceptLoopFailed(e));
        log.Info("socket {SocketId} ({Name}) listens on {EndPoint}", socket.Id, socket.Name, listener.EndPoint);
        edge.Feed.Report(new EdgeReport.Listening(socket.Id, listener.EndPoint));
    }

    private void Failed(string reason)
    {
        // Once per failure, not once per attempt.
        if (reason == lastFailure)
        {
            return;
        }

        lastFailure = reason;
        log.Warning("socket {SocketId} ({Name}) does not listen: {Reason}", socket.Id, socket.Name, reason);
        edge.Feed.Report(new EdgeReport.ListenFailed(socket.Id, socket.Port, reason));
    }

    private sealed class ListenAgain
    {
        public static readonly ListenAgain Instance = new();
    }

    private sealed class DenialWindowOver
    {
        public static readonly DenialWindowOver Instance = new();
    }

    private sealed record AcceptLoopFailed(Exception Cause) : INoSerializationVerificationNeeded;

    private sealed record AcceptStrained(string Reason) : INoSerializationVerificationNeeded;
}
