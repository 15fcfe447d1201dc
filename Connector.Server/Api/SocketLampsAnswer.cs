namespace Connector.Server.Api;

/// <summary>How many sockets of a replica are proven from end to end, and what is wrong with the others.</summary>
/// <param name="Sockets">That the replica reported.</param>
/// <param name="Online">With all three lamps on.</param>
/// <param name="Unknown">With no lamp off, and not all on.</param>
internal sealed record SocketLampsAnswer(int Sockets, int Online, int ControlOff, int PathOff, int UpstreamOff, int Unknown);
