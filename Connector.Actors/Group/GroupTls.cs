using System.Security.Cryptography.X509Certificates;

namespace Connector.Actors.Group;

/// <summary>Mutual TLS between replicas: each shows its own certificate, each must be signed by the group's own CA.</summary>
/// <param name="Certificate">With its private key.</param>
/// <param name="Authority">Whose signature makes a member; public trust is never asked.</param>
public sealed record GroupTls(X509Certificate2 Certificate, X509Certificate2 Authority)
{
    public override string ToString() => $"{nameof(GroupTls)} {Certificate.Thumbprint}";
}
