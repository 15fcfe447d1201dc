namespace Connector.Server.Edge.Accounting;

/// <summary>Why a connection to the tunnel port came to nothing before its HELLO was judged.</summary>
internal enum HandshakeRefusal
{
    /// <summary>Too many handshakes at once, or from its address.</summary>
    TooMany,

    /// <summary>TLS failed, or the connection ended during it.</summary>
    Tls,

    /// <summary>It did not ask for our protocol by ALPN.</summary>
    Protocol,

    /// <summary>It showed no certificate.</summary>
    Certificate,
}
