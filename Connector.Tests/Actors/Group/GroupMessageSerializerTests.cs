using System.Runtime.Serialization;
using Akka.Actor;
using Connector.Actors.Control;
using Connector.Actors.Group;
using Hyperion;
using Xunit;
using TestKit = Akka.TestKit.Xunit.TestKit;

namespace Connector.Tests.Actors.Group;

/// <summary>What may travel between replicas, and what hostile bytes make of the serializers.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class GroupMessageSerializerTests : TestKit
{
    private readonly GroupMessageSerializer serializer;

    public GroupMessageSerializerTests()
        : base("akka.loglevel = OFF\nakka.stdout-loglevel = OFF")
        => serializer = new GroupMessageSerializer((ExtendedActorSystem)Sys);

    [Fact]
    public void Every_message_is_sealed_and_in_the_tests_of_this_class()
    {
        Assert.All(GroupTypeFilter.Messages, type => Assert.True(type.IsSealed, $"{type} is not sealed"));
        Assert.Equal(
            GroupTypeFilter.Messages.Select(type => type.Name).Order(StringComparer.Ordinal), Samples().Select(sample => sample.GetType().Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_message_comes_back_as_it_was()
        => Assert.All(Samples(), sample => Assert.Equivalent(sample, serializer.FromBinary(serializer.ToBinary(sample), typeof(object)), strict: true));

    [Fact]
    public void What_is_not_a_message_does_not_leave()
    {
        Assert.Throws<SerializationException>(() => serializer.ToBinary(new Uri("http://localhost")));
        Assert.Throws<SerializationException>(() => serializer.ToBinary("text"));
    }

    [Fact]
    public void Types_that_are_not_messages_are_refused_and_never_made()
    {
        var open = new Hyperion.Serializer(SerializerOptions.Default.WithDisallowUnsafeType(false));
        foreach (var payload in (object[])[new FileInfo("/tmp/x"), new Uri("http://localhost"), new Witness(), new List<object> { new Witness() }])
        {
            using var stream = new MemoryStream();
            open.Serialize(payload, stream);
            Witness.Made = 0;
            Assert.Throws<SerializationException>(() => serializer.FromBinary(stream.ToArray(), typeof(object)));
            Assert.Equal(0, Witness.Made);
        }
    }

    [Fact]
    public void Garbage_and_oversize_are_refused()
    {
        var random = new Random(1);
        for (var i = 0; i < 500; i++)
        {
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            Assert.Throws<SerializationException>(() => serializer.FromBinary(bytes, typeof(object)));
        }

        Assert.Throws<SerializationException>(() => serializer.FromBinary(new byte[GroupMessageSerializer.Largest + 1], typeof(object)));
        Assert.Throws<SerializationException>(() => serializer.ToBinary(new ReplicaAgentProtocol.PushEdges(new byte[GroupMessageSerializer.Largest + 1])));
    }

    private static IEnumerable<object> Samples()
    {
        var session = Guid.NewGuid();
        var now = new DateTimeOffset(2026, 11, 22, 1, 2, 3, TimeSpan.FromHours(1));
        return
        [
            new ReplicaAgentProtocol.AgentHere("r", new byte[16], [1, 2], new byte[16], "1.0", now, 3, "inc", 4),
            new ReplicaAgentProtocol.AgentRequest(session, "r", [1, 2, 3]),
            new ReplicaAgentProtocol.AgentApplied(session, "r", "inc", 5),
            new ReplicaAgentProtocol.AskWhole(session, "r"),
            new ReplicaAgentProtocol.SessionNews("Online", "", 7, now),
            new ReplicaAgentProtocol.SessionHeard(session, TimeSpan.FromSeconds(30), 8),
            new ReplicaAgentProtocol.SessionOpen(session),
            new ReplicaAgentProtocol.SessionLost(session),
            new ReplicaAgentProtocol.PushWhole(session, 1, 0, 2, [9]),
            new ReplicaAgentProtocol.PushUpdate(session, 2, [10]),
            new ReplicaAgentProtocol.PushEdges([11]),
            new ReplicaAgentProtocol.PushTicket("ticket"),
            new ReplicaAgentProtocol.LogsStored(12),
            new ReplicaAgentProtocol.PushDiscover("plugin", "request"),
            new ReplicaAgentProtocol.PushDial([13]),
            new ReplicaAgentProtocol.SessionEnded("deleted", true),
            new GroupProtocol.Knock(1, "c", 1, "r", session, now),
            new GroupProtocol.KnockAnswered(1, "r", true, ""),
        ];
    }

    /// <summary>Says whether a deserializer made one.</summary>
    public sealed class Witness
    {
        public Witness() => Made++;

        public static int Made { get; set; }

        public string Name { get; set; } = "witness";
    }
}
