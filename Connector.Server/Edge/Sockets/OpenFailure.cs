using System.Net;
using Connector.Server.Edge.Links;

namespace Connector.Server.Edge.Sockets;

/// <summary>Why a client that was let in got no stream.</summary>
/// <param name="Link">Null when no replica was asked.</param>
/// <param name="Upstream">What the replica said of the upstream, or empty.</param>
internal sealed record OpenFailure(AdmittedLink? Link, IPEndPoint Client, string Reason, string Upstream)
{
    public string Text => Upstream.Length == 0 ? Reason : $"{Reason}: {Upstream}";
}
