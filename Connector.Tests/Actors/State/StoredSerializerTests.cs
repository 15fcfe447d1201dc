using System.Runtime.Serialization;
using Akka.Actor;
using Connector.Actors.State;
using Connector.Protocol.State.Stored;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Xunit;

namespace Connector.Tests.Actors.State;

[Trait("kind", Kinds.Actor)]
public sealed class StoredSerializerTests : StateFileTestKit
{
    // On disks: a change here strands what replicas have stored.
    private static readonly Dictionary<Type, string> Manifests = new()
    {
        [typeof(StateChanges)] = "s",
        [typeof(StateSnapshot)] = "S",
        [typeof(LogChanges)] = "l",
        [typeof(LogSnapshot)] = "L",
    };

    private StoredSerializer Serializer => new((ExtendedActorSystem)Sys);

    [Fact]
    public void Manifests_and_number_are_those_on_disks()
    {
        Assert.Equal(714, Serializer.Identifier);
        Assert.Equal(Manifests.Keys.OrderBy(t => t.Name), StoredSerializer.Types.OrderBy(t => t.Name));
        Assert.All(Manifests, known => Assert.Equal(known.Value, Serializer.Manifest(Activator.CreateInstance(known.Key)!)));
    }

    [Fact]
    public void Messages_that_are_part_of_no_other_have_a_manifest()
    {
        var file = ReplicaStateReflection.Descriptor;
        var parts = file.MessageTypes.SelectMany(m => m.Fields.InDeclarationOrder())
            .Where(f => f.FieldType == FieldType.Message).Select(f => f.MessageType.Name).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(
            file.MessageTypes.Select(m => m.Name).Where(name => !parts.Contains(name)).Order(StringComparer.Ordinal),
            StoredSerializer.Types.Select(t => t.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Actor_system_uses_it_for_them_and_not_that_of_all_protobuf()
        => Assert.All(Manifests.Keys, type => Assert.IsType<StoredSerializer>(Sys.Serialization.FindSerializerForType(type)));

    [Fact]
    public void Everything_comes_back()
    {
        IMessage[] values =
        [
            new StateChanges { Changes = { new StateChange { Configuration = Pushes.Init(1, "a") } } },
            new StateSnapshot { Edges = Pushes.Edges("e"), Ticket = new HeldTicket { Value = "t" } },
            new LogChanges { Head = new LogHead { Dropped = 3 } },
            new LogSnapshot { Dropped = 7 },
        ];
        Assert.All(values, value => Assert.Equal(value, Serializer.FromBinary(Serializer.ToBinary(value), Serializer.Manifest(value))));
    }

    [Theory]
    [InlineData("s", new byte[] { 0xFF })]
    [InlineData("System.IO.FileInfo, System.IO.FileSystem", new byte[] { 0 })]
    [InlineData("", new byte[0])]
    public void Anything_else_is_refused(string manifest, byte[] bytes)
        => Assert.Throws<SerializationException>(() => Serializer.FromBinary(bytes, manifest));

    [Fact]
    public void Foreign_types_are_not_written()
    {
        Assert.Throws<SerializationException>(() => Serializer.ToBinary("text"));
        Assert.Throws<SerializationException>(() => Serializer.Manifest(Pushes.Init(1)));
    }
}
