using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace Connector.Actors.Registration;

/// <summary>
/// Stands where Akka's JSON serializer is by default: that one makes an object of whatever type a peer, or an entry on disk, names. Nothing is written with it, so
/// nothing is read.
/// </summary>
public sealed class RefusingJsonSerializer : Serializer
{
    public RefusingJsonSerializer(ExtendedActorSystem system, Config config)
        : base(system) => _ = config;

    /// <summary>That of the serializer it replaces.</summary>
    public override int Identifier => 1;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj)
        => throw new SerializationException($"{obj.GetType()} has no serializer of its own: it is neither sent to another replica nor kept on disk");

    public override object FromBinary(byte[] bytes, Type type)
        => throw new SerializationException("serializer 1 (JSON) is named, and refused: neither messages between replicas nor entries on disk are of it");
}
