namespace Connector.Server.Edge.Admission;

internal enum AdmissionVerdict
{
    Admitted,

    /// <summary>The socket is not public, and there is no other way in.</summary>
    NotPublic,

    AddressNotAllowed,

    /// <summary>The socket has as many connections, or as many waiting for a replica, as it may have.</summary>
    Full,

    /// <summary>What a load balancer sent was no PROXY protocol header that names a client.</summary>
    BadProxyHeader,
}
