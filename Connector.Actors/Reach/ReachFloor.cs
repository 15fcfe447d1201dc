using System.Net;

namespace Connector.Actors.Reach;

/// <summary>Networks that no socket may ever reach from a replica. Part of the program: no configuration, local or remote, changes it.</summary>
internal static class ReachFloor
{
    // Named single services first: their rule says more than the network around them.
    private static readonly (IPNetwork Network, string Rule)[] Rules =
    [
        (IPNetwork.Parse("169.254.169.254/32"), "cloud metadata service (169.254.169.254)"),
        (IPNetwork.Parse("169.254.170.2/32"), "cloud container credentials service (169.254.170.2)"),
        (IPNetwork.Parse("100.100.100.200/32"), "cloud metadata service (Alibaba, 100.100.100.200)"),
        (IPNetwork.Parse("168.63.129.16/32"), "cloud platform service (Azure wire server, 168.63.129.16)"),
        (IPNetwork.Parse("192.0.0.192/32"), "cloud metadata service (Oracle, 192.0.0.192)"),
        (IPNetwork.Parse("fd00:ec2::/32"), "cloud metadata and platform services (AWS, fd00:ec2::/32)"),
        (IPNetwork.Parse("fd20:ce::254/128"), "cloud metadata service (Google, fd20:ce::254)"),
        (IPNetwork.Parse("fd00:42::42/128"), "cloud metadata service (Scaleway, fd00:42::42)"),
        (IPNetwork.Parse("169.254.0.0/16"), "link-local network (169.254.0.0/16)"),
        (IPNetwork.Parse("fe80::/10"), "link-local network (fe80::/10)"),
        (IPNetwork.Parse("0.0.0.0/8"), "unspecified address (0.0.0.0/8)"),
        (IPNetwork.Parse("::/128"), "unspecified address (::)"),
        (IPNetwork.Parse("224.0.0.0/4"), "multicast network (224.0.0.0/4)"),
        (IPNetwork.Parse("ff00::/8"), "multicast network (ff00::/8)"),
        (IPNetwork.Parse("255.255.255.255/32"), "broadcast address (255.255.255.255)"),
    ];

    /// <summary>The rule that forbids the address as it stands (not what it embeds), or null.</summary>
    public static string? Find(IPAddress address)
    {
        foreach (var (network, rule) in Rules)
        {
            if (network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address))
                return rule;
        }

        return null;
    }
}
