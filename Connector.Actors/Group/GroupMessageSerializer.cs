using System.Runtime.Serialization;
using Akka.Actor;
using Hyperion;
using Serializer = Akka.Serialization.Serializer;

namespace Connector.Actors.Group;

/// <summary>Writes and reads the messages between replicas by Hyperion, and nothing but these: see <see cref="GroupTypeFilter"/>.</summary>
public sealed class GroupMessageSerializer(ExtendedActorSystem system) : Serializer(system)
{
    /// <summary>Largest message, written or read, bytes. Below the frame size of the remoting.</summary>
    public const int Largest = 2 * 1024 * 1024;

    // Never another one: both ends of a rolling deploy have to mean the same.
    private const int Id = 4100;

    private readonly Hyperion.Serializer hyperion = new(SerializerOptions.Default
        .WithVersionTolerance(false).WithPreserveObjectReferences(false).WithIgnoreSerializable(true).WithDisallowUnsafeType(true).WithTypeFilter(GroupTypeFilter.Instance));

    public override int Identifier => Id;

    public override bool IncludeManifest => false;

    /// <exception cref="SerializationException">Not one of the messages between replicas, or too large.</exception>
    public override byte[] ToBinary(object obj)
    {
        if (obj is not IGroupMessage)
            throw new SerializationException($"{obj.GetType()} may not leave this replica: it is not one of the messages between replicas");
        using var stream = new MemoryStream();
        hyperion.Serialize(obj, stream);
        return stream.Length <= Largest ? stream.ToArray()
            : throw new SerializationException($"{obj.GetType().Name} takes {stream.Length} bytes, at most {Largest} may be sent to another replica");
    }

    /// <exception cref="SerializationException">It holds anything else than one of the messages between replicas.</exception>
    public override object FromBinary(byte[] bytes, Type type)
    {
        if (bytes.Length > Largest)
            throw new SerializationException($"a message of {bytes.Length} bytes from another replica is refused, the most is {Largest}");
        object? read;
        try
        {
            using var stream = new MemoryStream(bytes, writable: false);
            read = hyperion.Deserialize<object>(stream);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever a hostile payload makes it throw: refused, and only that message.
            throw new SerializationException($"a message from another replica is refused: {e.Message}", e);
        }

        return read is IGroupMessage ? read : throw new SerializationException($"a message from another replica is refused: it is {read?.GetType().ToString() ?? "nothing"}");
    }
}
