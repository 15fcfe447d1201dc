namespace Connector.Protocol.Tokens;

/// <summary>An ES256 key pair of the control plane.</summary>
public sealed class SigningKey : IDisposable
{
    /// <summary>The <c>kid</c> header: the thumbprint of the public key.</summary>
    public string KeyId => throw new NotImplementedException();

    public static SigningKey Create() => throw new NotImplementedException();

    /// <summary>Reads a PKCS#8 PEM as written by <see cref="ExportPem"/>.</summary>
    public static SigningKey Import(string pem) => throw new NotImplementedException();

    public string ExportPem() => throw new NotImplementedException();

    /// <summary>The part that verifiers hold.</summary>
    public VerificationKey PublicKey => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
