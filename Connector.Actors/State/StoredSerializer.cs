using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using Connector.Protocol.State.Stored;
using Google.Protobuf;

namespace Connector.Actors.State;

/// <summary>
/// Protobuf with short manifests for what is journaled. Number and manifests are on disks: they never change and are never used again for
/// something else.
/// </summary>
internal sealed class StoredSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public const int Number = 714;

    private static readonly (string Manifest, Type Type, MessageParser Parser)[] Known =
    [
        ("s", typeof(StateChanges), StateChanges.Parser),
        ("S", typeof(StateSnapshot), StateSnapshot.Parser),
        ("l", typeof(LogChanges), LogChanges.Parser),
        ("L", typeof(LogSnapshot), LogSnapshot.Parser),
    ];

    public static IEnumerable<Type> Types => Known.Select(k => k.Type);

    public override int Identifier => Number;

    public override string Manifest(object o)
    {
        foreach (var (manifest, type, _) in Known)
        {
            if (o.GetType() == type)
                return manifest;
        }

        throw new SerializationException($"{o.GetType()} is not kept in a state file");
    }

    public override byte[] ToBinary(object obj)
    {
        _ = Manifest(obj);
        return ((IMessage)obj).ToByteArray();
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        foreach (var (known, type, parser) in Known)
        {
            if (known != manifest)
                continue;
            try
            {
                return parser.ParseFrom(bytes);
            }
            catch (InvalidProtocolBufferException e)
            {
                throw new SerializationException($"an entry of the state file is not a {type.Name}: {e.Message}", e);
            }
        }

        var shown = manifest.Length > 32 ? manifest[..32] : manifest;
        throw new SerializationException($"the state file has an entry of kind \"{shown}\", which this version does not know");
    }
}
