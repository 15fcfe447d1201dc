using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace Connector.Actors.Group;

/// <summary>
/// Stands where Akka's JSON serializer is by default: that one makes an object of whatever type a peer names. Nothing is written with it, so nothing is read.
/// </summary>
public sealed class RefusingJsonSerializer : Serializer
{
    public RefusingJsonSerializer(ExtendedActorSystem system, Config config)
        : base(system) => _ = config;

    /// <summary>That of the serializer it replaces.</summary>
    public override int Identifier => 1;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj)
        => throw new SerializationException($"{obj.GetType()} may not leave this replica: it is not one of the messages between replicas");

    public override object FromBinary(byte[] bytes, Type type)
        => throw new SerializationException("a message that names serializer 1 (JSON) is refused: replicas never send one");
}
