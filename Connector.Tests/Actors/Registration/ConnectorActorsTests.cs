using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.Control;
using Connector.Actors.Health;
using Connector.Actors.Links;
using Connector.Actors.Registration;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Tests.Actors.Control;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Connector.Tests.Actors.Registration;

/// <summary>The whole tree in a host, with fakes for the sockets, the links and the control plane.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class ConnectorActorsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeControlTransport transport = new();
    private readonly BlockingCollection<object> heard = [];
    private readonly TaskCompletionSource<ControlSessionProtocol.ControlSessionStopped> stopped = new();
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private IHost host = null!;

    private ActorSystem System => host.Services.GetRequiredService<ActorSystem>();

    public async ValueTask InitializeAsync()
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddConnectorActors(new ConnectorActorsOptions
        {
            Session = new ControlSessionSettings
            {
                ConnectorId = new ConnectorId("c"),
                ReplicaId = new ReplicaId("r"),
                BootId = BootId.New(),
                Key = new ReplicaKey(key),
                Version = "1",
                Metadata = ReplicaMetadata.OfThisHost("1", "20260101"),
            },
            Transport = _ => transport,
            Sockets = (_, _) => Props.Create(() => new ParentActor()),
            Links = (_, _, _) => Props.Create(() => new LinksActor(heard)),
            Health = new IPEndPoint(IPAddress.Loopback, 0),
            DrainGrace = TimeSpan.FromSeconds(20),
            SessionStopped = (_, e) => stopped.TrySetResult(e),
        });
        host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
        key.Dispose();
    }

    [Theory]
    [InlineData("/user/sockets", "connector-sockets-dispatcher")]
    [InlineData("/user/sockets/child", "connector-sockets-dispatcher")]
    [InlineData("/user/links", "akka.actor.default-dispatcher")]
    [InlineData("/user/state", "connector-control-dispatcher")]
    [InlineData("/user/logs", "connector-control-dispatcher")]
    [InlineData("/user/health", "connector-control-dispatcher")]
    [InlineData("/user/control", "connector-control-dispatcher")]
    public async Task Tree_has_its_names_and_dispatchers(string path, string dispatcher)
    {
        // A selection looks at the children without asking the parent, who may not be constructed yet.
        var parent = await System.ActorSelection("/user/sockets").ResolveOne(Patience, TestContext.Current.CancellationToken);
        await parent.Ask<IActorRef>("another", Patience);
        var actor = await System.ActorSelection(path).ResolveOne(Patience, TestContext.Current.CancellationToken);
        var cell = (ActorCell)((ActorRefWithCell)actor).Underlying;
        Assert.Equal(dispatcher, cell.Dispatcher.Id);
        Assert.Equal("data", System.Name);
    }

    [Fact]
    public async Task Blocked_sockets_delay_no_other()
    {
        using var release = new ManualResetEventSlim();
        var parent = await System.ActorSelection("/user/sockets").ResolveOne(Patience, TestContext.Current.CancellationToken);
        var children = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => parent.Ask<IActorRef>($"child-{i}", Patience)));
        foreach (var blocked in children.Take(5))
            blocked.Tell(release);
        foreach (var free in children.Skip(5))
            Assert.Equal("pong", await free.Ask<string>("ping", Patience));
        release.Set();
    }

    [Fact]
    public async Task Health_endpoint_and_session_end_are_wired()
    {
        var url = host.Services.GetRequiredService<HealthEndpoint>().Url!;
        using var http = new HttpClient { BaseAddress = url };

        // While the actors still start it may say that they do not answer.
        var text = await Eventually.SucceedsAsync(
            () => http.GetStringAsync("/status", TestContext.Current.CancellationToken), "the status is told", TestContext.Current.CancellationToken);
        var status = JsonDocument.Parse(text).RootElement;
        Assert.Equal("connecting", status.GetProperty("control_session").GetProperty("state").GetString());
        transport.Next().Succeed().Push(new ControlStreamResponse { Stop = new Stop { Reason = "test" } });
        Assert.Contains("test", (await stopped.Task.WaitAsync(Patience, TestContext.Current.CancellationToken)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_of_an_actor_is_shipped_with_its_fields_and_a_refused_token_is_not()
    {
        Logging.GetLogger(System, "Connector.Actors.Control.ControlSessionActor.LocalOnly").Error("token refused");
        var sockets = await System.ActorSelection("/user/sockets").ResolveOne(Patience, TestContext.Current.CancellationToken);
        sockets.Tell(new LogThis("s-1"));
        var connection = transport.Next().Succeed();
        connection.Push(new ControlStreamResponse { HelloAck = new HelloAck { Epoch = 1 } });
        connection.Push(new ControlStreamResponse { Init = new Init { ConfigVersion = new ConfigVersion { Incarnation = "a", Number = 1 } } });
        var records = new List<Log>();
        while (!records.Any(r => r.SocketId == "s-1"))
        {
            var batch = connection.Expect(ControlStreamRequest.RequestTypeOneofCase.Logs).Logs;
            records.AddRange(batch.Records);
            connection.Push(new ControlStreamResponse { LogsAck = new LogsAck { Sequence = batch.Sequence, ReplicaId = "r" } });
        }

        Assert.Contains("dial failed for s-1", records.Single(r => r.SocketId == "s-1").Message, StringComparison.Ordinal);
        Assert.DoesNotContain(records, r => r.Message.Contains("token refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Shutdown_drains_the_links_then_half_closes_the_session()
    {
        var connection = transport.Next().Succeed();
        connection.Expect(ControlStreamRequest.RequestTypeOneofCase.Metadata);
        await host.StopAsync(CancellationToken.None);
        Assert.Contains(heard, m => m is LinkSupervisorProtocol.DrainLinks { Grace.TotalSeconds: 20 });
        Assert.True(connection.HalfClosed);
    }

    [Fact]
    public void Resolved_settings_are_those_of_the_embedded_files()
    {
        var config = System.Settings.Config;
        Assert.Equal(10, config.GetInt("connector-sockets-dispatcher.throughput"));
        Assert.Equal(TimeSpan.FromSeconds(22), config.GetTimeSpan("akka.coordinated-shutdown.phases.service-unbind.timeout"));
        Assert.Equal(TimeSpan.FromSeconds(10), config.GetTimeSpan("akka.coordinated-shutdown.phases.before-service-unbind.timeout"));
        Assert.False(config.GetBoolean("akka.coordinated-shutdown.run-by-clr-shutdown-hook"));
        Assert.Equal(["Connector.Actors.Logs.MicrosoftLoggingBridge, Connector.Actors"], config.GetStringList("akka.loggers"));
        Assert.True(host.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<HostOptions>>().Value.ShutdownTimeout >= TimeSpan.FromSeconds(35));
    }

    private sealed record LogThis(string SocketId) : INoSerializationVerificationNeeded;

    private sealed class ParentActor : ReceiveActor
    {
        public ParentActor()
        {
            Context.ActorOf(Props.Create(() => new ChildActor()), "child");
            Receive<string>(name => Sender.Tell(Context.ActorOf(Props.Create(() => new ChildActor()), name)));
            Receive<LogThis>(m => Context.GetLogger().Warning("dial failed for {SocketId}", m.SocketId));
            ReceiveAny(_ => { });
        }
    }

    private sealed class ChildActor : ReceiveActor
    {
        public ChildActor()
        {
            Receive<ManualResetEventSlim>(m => m.Wait());
            Receive<string>(_ => Sender.Tell("pong"));
        }
    }

    private sealed class LinksActor : ReceiveActor
    {
        public LinksActor(BlockingCollection<object> heard) => ReceiveAny(m =>
        {
            heard.Add(m);
            if (m is LinkSupervisorProtocol.DrainLinks)
                Sender.Tell(new LinkSupervisorProtocol.LinksDrained(0));
        });
    }
}
