using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Connector.Protocol.Tls;

/// <summary>How a replica verifies the control plane and edges: public trust, or the pins of their CA. There is no way to switch it off.</summary>
/// <param name="CaPins">"sha256/" + base64 of the SHA-256 of the CA's SubjectPublicKeyInfo; empty means the system's trust store.</param>
public sealed record ServerTrust(ImmutableArray<string> CaPins)
{
    private const string PinPrefix = "sha256/";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    // A chain that somebody pads costs a key hash for each of its certificates.
    private const int MaximumPresented = 16;

    public bool IsPinned => !CaPins.IsDefaultOrEmpty;

    /// <summary>The pin that names this CA.</summary>
    public static string PinOf(X509Certificate2 ca)
        => PinPrefix + Convert.ToBase64String(SHA256.HashData(ca.PublicKey.ExportSubjectPublicKeyInfo()));

    public static bool IsPin(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes + 3];
        return text.StartsWith(PinPrefix, StringComparison.Ordinal)
            && text.Length == PinPrefix.Length + 44
            && Convert.TryFromBase64String(text[PinPrefix.Length..], hash, out var length)
            && length == SHA256.HashSizeInBytes;
    }

    /// <summary>
    /// For SslClientAuthenticationOptions and SocketsHttpHandler. With pins: the presented chain must lead to a CA whose key is pinned, be within
    /// its validity, and name the host; nothing else of the system's trust counts. A pin is only a hash, so the CA itself must come with the
    /// handshake: as part of the chain, or, because TLS stacks leave out the root, enclosed in the certificate (<see cref="EnclosedAuthority"/>).
    /// </summary>
    public bool Validate(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, out string? reason)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            reason = "the server presented no certificate";
            return false;
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            reason = $"the server's certificate is not for the name that was dialled (it is for {certificate.Subject})";
            return false;
        }

        if (!IsPinned)
        {
            reason = errors == SslPolicyErrors.None
                ? null
                : $"the server's certificate is not trusted by this system ({Describe(chain)}); if the server has its own CA, use a token that carries its pin";
            return errors == SslPolicyErrors.None;
        }

        using var presented = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return ValidatePinned(presented, chain, out reason);
    }

    private bool ValidatePinned(X509Certificate2 presented, X509Chain? chain, out string? reason)
    {
        X509Certificate2Collection sent = [presented];
        if (chain is not null)
        {
            sent.AddRange(chain.ChainPolicy.ExtraStore);
        }

        if (sent.Count > MaximumPresented)
        {
            reason = $"the server presented {sent.Count} certificates; at most {MaximumPresented} are looked at";
            return false;
        }

        using var enclosed = EnclosedAuthority.Read(presented);
        if (enclosed is not null)
        {
            sent.Add(enclosed);
        }

        var anchors = sent.Where(candidate => CaPins.Contains(PinOf(candidate))).ToArray();
        if (anchors.Length == 0)
        {
            reason = "the server's certificate does not lead to the CA that the token pins: this is another server, or somebody is in between, "
                + "or the server got a new CA and needs new tokens";
            return false;
        }

        // Fetching what a stranger's certificate points to would be a request of his making, and a wait without a deadline.
        using var pinned = new X509Chain { ChainPolicy = OfflineChain.Under([]) };
        pinned.ChainPolicy.ExtraStore.AddRange(sent);
        foreach (var anchor in anchors)
        {
            if (anchor.SubjectName.RawData.AsSpan().SequenceEqual(anchor.IssuerName.RawData))
            {
                pinned.ChainPolicy.CustomTrustStore.Add(anchor);
            }
            else
            {
                // Above a pinned intermediate nothing needs to be known. That the chain really runs through it is checked below.
                pinned.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
            }
        }

        pinned.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        var valid = pinned.Build(presented);
        var anchored = pinned.ChainElements.Any(element => anchors.Any(anchor => anchor.RawDataMemory.Span.SequenceEqual(element.Certificate.RawDataMemory.Span)));
        reason = (valid, anchored) switch
        {
            (true, true) => null,
            (true, false) => "the server presented the CA that the token pins beside a certificate of another CA",
            _ => $"the server's certificate is refused: {Describe(pinned)}",
        };
        foreach (var element in pinned.ChainElements)
        {
            element.Certificate.Dispose();
        }

        return reason is null;
    }

    private static string Describe(X509Chain? chain)
    {
        var problems = chain?.ChainStatus.Where(status => status.Status != X509ChainStatusFlags.NoError).Take(4)
            .Select(status => $"{status.Status}: {status.StatusInformation.Trim().TrimEnd('.')}").ToArray();
        return problems is { Length: > 0 } ? string.Join("; ", problems) : "no reason was given";
    }
}
