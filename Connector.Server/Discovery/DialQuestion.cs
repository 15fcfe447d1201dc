using System.Collections.Immutable;
using Connector.Protocol.Control.Wire;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Server.Discovery;

/// <summary>Which resources a connector is asked to dial, in a message that it takes. What is left out is asked for after a later scan. Pure.</summary>
internal static class DialQuestion
{
    /// <summary>Bytes of one message, when it asks for more than one resource; far below what a peer accepts.</summary>
    public const int Largest = 1024 * 1024;

    private const int MostResources = 200;

    // More than a connector tells of one resource. It could end the session, and stays until somebody deletes the plugin.
    private const int LargestResource = 3 * 1024 * 1024;

    /// <param name="start">Where to begin, counted around: those at the front must not be the only ones who are ever asked for.</param>
    /// <param name="next">Where the next question begins.</param>
    public static DialResources Of(DiscoveryKey key, ImmutableArray<KnownResource> toDial, int start, out int next)
    {
        var asked = new DialResources { PluginId = key.PluginId.Value, DiscoveryId = key.DiscoveryId };
        var size = 0;
        next = start % toDial.Length;
        for (var looked = 0; looked < toDial.Length && asked.Resources.Count < MostResources; looked++, next = (next + 1) % toDial.Length)
        {
            var found = Struct.Parser.ParseJson(toDial[next].Json);
            var more = found.CalculateSize() + 6;
            if (more > LargestResource)
            {
                continue;
            }

            if (size > 0 && size + more > Largest)
            {
                break;
            }

            size += more;
            asked.Resources.Add(found);
        }

        return asked;
    }
}
