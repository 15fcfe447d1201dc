using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Connector.Protocol.Tls;

namespace Connector.Actors.Group;

/// <summary>
/// Lets in who shows a certificate that the group's own CA signed and that is valid now. Names do not matter: whoever holds such a key is a replica of the group. Says of
/// each certificate once why it is refused, and what to do. Thread-safe.
/// </summary>
internal sealed class GroupCertificateCheck(X509Certificate2 authority)
{
    // Of different peers; what was said is forgotten together.
    private const int MostRefusals = 64;

    private readonly Lock gate = new();
    private readonly HashSet<(string Address, string Thumbprint, string Why)> refusals = [];

    /// <param name="peer">As the remoting names it, with a port that may be another one for each connection.</param>
    public bool IsOfGroup(X509Certificate2? certificate, string peer, ILoggingAdapter log)
    {
        var (why, remedy) = Judge(certificate);
        if (why.Length == 0)
            return true;
        var address = IPEndPoint.TryParse(peer, out var endPoint)
            ? (endPoint.Address.IsIPv4MappedToIPv6 ? endPoint.Address.MapToIPv4() : endPoint.Address).ToString() : peer;
        if (IsNews((address, certificate?.Thumbprint ?? "", why)))
            log.Warning("{Peer} may not speak in the group: {Reason}; {Remedy}", address, why, remedy);
        return false;
    }

    /// <summary>Both empty when it is of the group.</summary>
    internal (string Why, string Remedy) Judge(X509Certificate2? certificate)
    {
        if (certificate is null)
            return ("it shows no certificate", "give it cluster.tls certificate, key and ca");
        using var chain = new X509Chain { ChainPolicy = OfflineChain.Under([authority]) };
        if (chain.Build(certificate))
            return ("", "");
        var faults = chain.ChainStatus.Select(status => status.Status).Distinct().ToArray();
        if (faults.Any(fault => fault != X509ChainStatusFlags.NotTimeValid))
        {
            return (
                $"its certificate {Shown(certificate)} is not signed by the CA of this group ({string.Join(", ", faults.Where(fault => fault != X509ChainStatusFlags.NotTimeValid))})",
                "sign it with the CA in cluster.tls.ca of this replica, and give both the same");
        }

        var (late, whose) = IsValidNow(certificate) ? (authority, "the CA of this group") : (certificate, $"its certificate {Shown(certificate)}");
        return late.NotAfter < DateTime.Now
            ? ($"{whose} expired at {Words(late.NotAfter)} UTC", "make a new one, or correct the clock of this machine")
            : ($"{whose} is valid only from {Words(late.NotBefore)} UTC on", "correct the clocks, or make a new one");
    }

    private static bool IsValidNow(X509Certificate2 certificate) => DateTime.Now >= certificate.NotBefore && DateTime.Now <= certificate.NotAfter;

    // Whoever made it wrote that.
    private static string Shown(X509Certificate2 certificate) => new([.. certificate.Subject.Where(letter => !char.IsControl(letter)).Take(100)]);

    private static string Words(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private bool IsNews((string Address, string Thumbprint, string Why) refusal)
    {
        lock (gate)
        {
            if (refusals.Count >= MostRefusals)
                refusals.Clear();
            return refusals.Add(refusal);
        }
    }
}
