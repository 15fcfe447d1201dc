using System.Net.Sockets;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>The service's half of a stream.</summary>
internal interface IServed
{
    /// <summary>Until the orderly end; throws when the connection breaks.</summary>
    Task ServeAsync(Socket connection);

    void ServiceFailed(string reason);
}
