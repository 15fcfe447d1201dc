using Connector.Relay.Frames;

namespace Connector.Actors.Sockets;

/// <summary>Why an offered stream is refused.</summary>
internal sealed record SocketRefusal(RefusalCode Code, string Text);
