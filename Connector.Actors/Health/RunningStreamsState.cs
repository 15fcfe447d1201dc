using Connector.Protocol.Ids;

namespace Connector.Actors.Health;

/// <param name="Oldest">How long the oldest one has been running; zero when there is none.</param>
/// <param name="PerSocket">Sockets without a stream are not in it.</param>
public sealed record RunningStreamsState(int Count, TimeSpan Oldest, IReadOnlyDictionary<SocketId, int> PerSocket);
