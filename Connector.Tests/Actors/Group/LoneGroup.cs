using System.Net;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Cluster;
using Connector.Actors.Control;
using Connector.Actors.Group;
using Connector.Actors.Logs;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Tests.Actors.Control;
using Connector.Tests.Processes;
using Connector.Tests.Server.Hosting;
using Microsoft.Extensions.Logging;

namespace Connector.Tests.Actors.Group;

/// <summary>A group system as it is in a replica, with a real remoting port, that has formed a group by itself or joined another one.</summary>
internal sealed class LoneGroup : IAsyncDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ControlPlaneFixture.CollectedLog log = new();
    private readonly LoggerFactory loggers;
    private readonly GroupSystem group;

    private LoneGroup(GroupTls? tls, TimeSpan handshake, LoneGroup? peer)
    {
        loggers = new LoggerFactory([log]);
        var session = new ControlSessionSettings
        {
            ConnectorId = ControlPlaneFixture.ConnectorId,
            ReplicaId = new ReplicaId(peer is null ? "replica-1" : "replica-2"),
            BootId = BootId.New(),
            Key = new ReplicaKey(key),
            Version = "1.0.0",
            Metadata = new ReplicaMetadata("1.0.0", "20260101", "host", "linux", "linux-x64", "test", "6.1", "X64"),
        };
        Port = FreePorts.Take();
        group = GroupSystem.Start(
            new GroupDependencies(
                new GroupSettings(IPAddress.Loopback.ToString(), Port, null, peer is null ? [] : [new GroupPeer(IPAddress.Loopback.ToString(), peer.Port)], tls), session, new FakeControlTransport(), new OneMayForm(peer is null), new MicrosoftLoggingSetup(loggers),
                TimeProvider.System, Random.Shared.NextDouble)
            {
                ExtraHocon = $"akka.loglevel = INFO\nakka.remote.handshake-timeout = {(int)handshake.TotalMilliseconds} ms",
            },
            ActorRefs.Nobody, ActorRefs.Nobody);
    }

    public int Port { get; }

    public Address Address => ((ExtendedActorSystem)group.System).Provider.DefaultAddress;

    public IReadOnlyCollection<string> Log => log.Lines;

    public int Members => Cluster.Get(group.System).State.Members.Count(member => member.Status == MemberStatus.Up);

    public bool IsMember => !group.System.WhenTerminated.IsCompleted && Cluster.Get(group.System).SelfMember.Status == MemberStatus.Up;

    public static async Task<LoneGroup> StartAsync(GroupTls? tls, TimeSpan handshake, CancellationToken cancellation, LoneGroup? peer = null)
    {
        var made = new LoneGroup(tls, handshake, peer);
        await Eventually.IsTrueAsync(() => made.IsMember, "the node is a member of a group", cancellation);
        return made;
    }

    /// <summary>What an honest replica would send, in bytes.</summary>
    public byte[] Serialize(IGroupMessage message) => new GroupMessageSerializer((ExtendedActorSystem)group.System).ToBinary(message);

    public IGroupMessage Deserialize(byte[] bytes) => (IGroupMessage)new GroupMessageSerializer((ExtendedActorSystem)group.System).FromBinary(bytes, typeof(object));

    public async ValueTask DisposeAsync()
    {
        await group.System.Terminate();
        loggers.Dispose();
        key.Dispose();
    }

    private sealed class OneMayForm(bool may) : IGroupVerdicts
    {
        public Task<GroupVerdict> AskAsync(GroupQuestionBody question, CancellationToken cancellationToken)
            => Task.FromResult(new GroupVerdict { Verdict = may ? GroupVerdict.Types.Verdict.MayForm : GroupVerdict.Types.Verdict.Join, Generation = 1 });
    }
}
