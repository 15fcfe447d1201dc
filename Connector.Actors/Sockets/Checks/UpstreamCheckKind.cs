namespace Connector.Actors.Sockets.Checks;

/// <summary>
/// What a check does once it is connected. A TCP connection alone shows that a kernel listens, also for a process that is stopped: where the
/// protocol allows it the service itself has to answer.
/// </summary>
internal enum UpstreamCheckKind
{
    /// <summary>The connection is the proof. Is taken for one of the others once the service has greeted like it.</summary>
    Tcp,

    /// <summary>The server sends its identification first.</summary>
    Ssh,

    /// <summary>The server sends its greeting first, and must be answered: see <see cref="MySqlHello"/>.</summary>
    MySql,

    /// <summary>Asks for GSSAPI encryption: one byte comes back, and nothing is logged when the connection closes then.</summary>
    Postgres,

    /// <summary>Asks for TLS: for those that do not know the newer question. A server with TLS logs a line when the connection closes then.</summary>
    PostgresTls,
}
