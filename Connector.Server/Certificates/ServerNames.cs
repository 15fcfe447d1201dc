using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Connector.Server.Certificates;

/// <summary>Names and addresses that the server certificate is for. Always includes this machine's loopback.</summary>
public sealed class ServerNames
{
    public ServerNames(IEnumerable<string> hosts)
    {
        var all = hosts.Concat(["localhost", "127.0.0.1", "::1"])
            .Where(host => host.Length > 0)
            .Select(host => host.Trim('[', ']').ToLowerInvariant())
            .ToHashSet(StringComparer.Ordinal);
        Addresses = [.. all.Select(host => IPAddress.TryParse(host, out var address) ? address : null).OfType<IPAddress>().OrderBy(address => address.ToString(), StringComparer.Ordinal)];
        DnsNames = [.. all.Where(host => !IPAddress.TryParse(host, out _)).Order(StringComparer.Ordinal)];
    }

    public ImmutableArray<string> DnsNames { get; }

    public ImmutableArray<IPAddress> Addresses { get; }

    public X509Extension ToExtension()
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in DnsNames)
        {
            builder.AddDnsName(name);
        }

        foreach (var address in Addresses)
        {
            builder.AddIpAddress(address);
        }

        return builder.Build();
    }

    /// <summary>Whether the certificate is for all of these.</summary>
    public bool AreCoveredBy(X509Certificate2 certificate)
    {
        if (certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault() is not { } names)
        {
            return false;
        }

        var covered = names.EnumerateDnsNames().ToHashSet(StringComparer.OrdinalIgnoreCase);
        var addresses = names.EnumerateIPAddresses().ToHashSet();
        return DnsNames.All(covered.Contains) && Addresses.All(addresses.Contains);
    }
}
