using System.Collections.Immutable;
using System.Globalization;
using Connector.Actors.Group;
using Connector.Host.Errors;

namespace Connector.Host.Configuration;

/// <summary>
/// Puts together how a replica is a member of its group, from the section <c>cluster</c> and the environment, which wins. Everything that is wrong is said
/// at once.
/// </summary>
internal sealed class GroupSettingsReader(HostEnvironment environment, SecretFiles secretFiles)
{
    private const int MostPeers = 64;

    private readonly List<GroupProblem> problems = [];
    private readonly List<string> notes = [];

    /// <summary>What the user should know, one line each.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <summary>Null: the replica runs alone.</summary>
    /// <param name="path">Of the file, for words.</param>
    /// <exception cref="ConnectorError">All that is wrong.</exception>
    public GroupSettings? Read(ClusterFile? file, string? path)
    {
        var (bind, bindName) = Choose(file?.Bind, "cluster.bind", EnvironmentNames.ClusterBind);
        var (advertised, advertisedName) = Choose(file?.Advertised, "cluster.advertised", EnvironmentNames.ClusterAdvertised);
        var (peers, peersName) = environment.Variable(EnvironmentNames.ClusterPeers) is { } listed
            ? (Split(listed), EnvironmentNames.ClusterPeers)
            : (file?.Peers, "cluster.peers");
        if (file is null && bind is null && peers is null)
        {
            return null;
        }

        var settings = Settings(bind, bindName, advertised, advertisedName, peers ?? [], peersName);
        var tls = Tls(file);
        if (settings is not null && tls is null && problems.Count == 0 && Outside(settings) is { } outside)
        {
            problems.Add(new(
                $"{outside} is not loopback, and there is no tls: off loopback replicas speak to each other over mutual TLS only",
                "Give cluster.tls certificate, key and ca; config/group/README.md shows how to make them"));
        }

        if (problems.Count > 0)
        {
            throw GroupProblem.ToError(file is null ? "Cannot use the settings of the group in the environment" : $"Cannot use the section cluster of {path}", problems);
        }

        return settings! with { Tls = tls };
    }

    private (string? Text, string Name) Choose(string? inFile, string key, string variable)
        => environment.Variable(variable) is { } set ? (set, variable) : (inFile, key);

    private static ImmutableArray<string>? Split(string list) => [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    private GroupSettings? Settings(string? bind, string bindName, string? advertised, string advertisedName, ImmutableArray<string> listed, string peersName)
    {
        var address = Bind(bind, bindName);
        var name = Advertised(advertised, advertisedName);
        var peers = Peers(listed, peersName);
        if (address is null || problems.Count > 0)
        {
            return null;
        }

        if (name is null && GroupPeerText.IsWildcard(address.Host))
        {
            problems.Add(new(
                $"{bindName} {address} is every address of this machine, so nothing says by which one peers reach this replica",
                "Set cluster.advertised to the name or address that stands for this replica in the lists of its peers, or bind to that one address"));
            return null;
        }

        var settings = new GroupSettings(address.Host, address.Port, name, peers, null);
        CheckAgainstSelf(settings, bindName, peersName, address);
        return settings;
    }

    private GroupPeer? Bind(string? text, string name)
    {
        if (text is null)
        {
            problems.Add(new("cluster.bind is missing: the address and port on which this replica listens for its peers", "Write for example bind: 10.0.0.11:9500"));
            return null;
        }

        var (address, problem) = GroupPeerText.Parse(text);
        if (address is null)
        {
            problems.Add(new($"{name} {problem}", "Write for example 10.0.0.11:9500"));
        }
        else if (!System.Net.IPAddress.TryParse(address.Host, out _))
        {
            problems.Add(new(
                $"{name} \"{text}\" is a name; what is listened on is an address of this machine",
                $"Write its address there, or 0.0.0.0:{address.Port.ToString(CultureInfo.InvariantCulture)}, and {address.Host} as cluster.advertised"));
            return null;
        }

        return address;
    }

    private string? Advertised(string? text, string name)
    {
        if (text is null)
        {
            return null;
        }

        var host = GroupPeerText.Host(text) ?? (System.Net.IPAddress.TryParse(text, out var bare) && text.Contains(':') ? bare.ToString() : null);
        if (host is null || GroupPeerText.IsWildcard(host))
        {
            problems.Add(new(
                host is null ? $"{name} \"{text}\" is neither a name nor an address" : $"{name} \"{text}\" is every address, and no peer could dial it",
                "Write the name or address alone, as it stands in the lists of the peers; the port is that of cluster.bind"));
            return null;
        }

        return host;
    }

    private ImmutableArray<GroupPeer> Peers(ImmutableArray<string> listed, string name)
    {
        if (listed.IsEmpty)
        {
            problems.Add(new($"{name} is empty: a group is found through the replicas that it lists", "List the replicas of the group, or leave the whole section cluster out to run alone"));
            return [];
        }

        if (listed.Length > MostPeers)
        {
            problems.Add(new(
                string.Create(CultureInfo.InvariantCulture, $"{name} lists {listed.Length} replicas, and at most {MostPeers} are possible"),
                "List some of them: any of a group's members leads to all"));
            return [];
        }

        var peers = ImmutableArray.CreateBuilder<GroupPeer>(listed.Length);
        foreach (var text in listed)
        {
            var (peer, problem) = GroupPeerText.Parse(text);
            if (peer is null)
            {
                problems.Add(new($"{name} {problem}", $"Write {GroupPeerText.Example}"));
            }
            else if (GroupPeerText.IsWildcard(peer.Host))
            {
                problems.Add(new($"{name} \"{text}\" is every address, and nobody could dial it", "Write the address of that replica"));
            }
            else if (peers.Contains(peer))
            {
                problems.Add(new($"{name} lists {peer} twice", "Remove one of them, or correct it: it may have been meant for another replica"));
            }
            else
            {
                peers.Add(peer);
            }
        }

        return peers.ToImmutable();
    }

    private void CheckAgainstSelf(GroupSettings settings, string bindName, string peersName, GroupPeer bound)
    {
        var self = settings.Self;
        if (bound != self && settings.Peers.Contains(bound))
        {
            problems.Add(new(
                $"{peersName} lists this replica as {bound}, the address of {bindName}, while cluster.advertised says that its peers know it as {self}",
                $"Write {self} in every list, or remove cluster.advertised"));
            return;
        }

        var others = settings.Peers.Where(peer => peer != self).ToArray();
        if (others.Length == 0)
        {
            problems.Add(new(
                $"{peersName} lists only this replica itself, {self}",
                "List the other replicas of the group, or leave the whole section cluster out to run alone"));
        }
        else if (GroupPeerText.IsLoopback(self.Host) && others.FirstOrDefault(peer => !GroupPeerText.IsLoopback(peer.Host)) is { } elsewhere)
        {
            problems.Add(new(
                $"this replica would be known to its peers as {self}, which means each machine itself, and {elsewhere} is elsewhere",
                "Bind to an address that the others reach, or name one as cluster.advertised"));
        }
    }

    /// <summary>What makes mutual TLS necessary; null when all of it is loopback.</summary>
    private static string? Outside(GroupSettings settings)
        => !GroupPeerText.IsLoopback(settings.Host) ? $"cluster.bind {new GroupPeer(settings.Host, settings.Port)}"
            : settings.AdvertisedHost is { } name && !GroupPeerText.IsLoopback(name) ? $"cluster.advertised {name}"
            : settings.Peers.FirstOrDefault(peer => !GroupPeerText.IsLoopback(peer.Host)) is { } peer ? $"peer {peer}"
            : null;

    private GroupTls? Tls(ClusterFile? file)
    {
        var certificate = Choose(file?.Certificate, "cluster.tls.certificate", EnvironmentNames.ClusterTlsCertificate).Text;
        var key = Choose(file?.Key, "cluster.tls.key", EnvironmentNames.ClusterTlsKey).Text;
        var authority = Choose(file?.Authority, "cluster.tls.ca", EnvironmentNames.ClusterTlsAuthority).Text;
        if (certificate is null && key is null && authority is null)
        {
            return null;
        }

        if (certificate is null || key is null || authority is null)
        {
            string[] missing = [.. new[] { (certificate, "certificate"), (key, "key"), (authority, "ca") }.Where(part => part.Item1 is null).Select(part => part.Item2)];
            problems.Add(new($"cluster.tls has no {string.Join(" and no ", missing)}", "Give certificate, key and ca, three PEM files"));
            return null;
        }

        var files = new GroupTlsFiles(secretFiles, environment.Time);
        var tls = files.Load(Expand(certificate), Expand(key), Expand(authority));
        problems.AddRange(files.Problems);
        notes.AddRange(files.Notes);
        return tls;
    }

    private string Expand(string path) => path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(environment.Home, path[2..]) : path;
}
