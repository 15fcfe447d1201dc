using Connector.Protocol.Ids;
using Connector.Protocol.Tls;
using Connector.Server.Feed;
using Connector.Server.Feed.Following;
using Connector.Tests.Server.Edge;
using Connector.Tests.Server.Feed.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Connector.Tests.Server.Feed.Following;

[Trait("kind", Kinds.Contract)]
public sealed class EdgeStateFileTests : IDisposable
{
    private static readonly EdgeId Edge = new("edge-a");
    private static readonly EdgeState State = EdgeSamples.State(7, [EdgeSamples.Socket("web"), EdgeSamples.Socket("ssh", allowed: ["::1/128"])], revoked: ["t1"]);

    private readonly string folder = Directory.CreateTempSubdirectory("edge-state-").FullName;
    private readonly EdgeStateFile file;

    public EdgeStateFileTests() => file = new EdgeStateFile(folder);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_was_written_is_read_and_is_for_its_owner_only()
    {
        Assert.Null(file.Read());
        file.Write(new EdgeStateFile.Kept(Edge, "org", State, FeedSamples.Time));
        file.Write(new EdgeStateFile.Kept(Edge, "org", State, FeedSamples.Time.AddSeconds(1)));
        var kept = file.Read()!;
        Assert.Equal((Edge, "org", FeedSamples.Time.AddSeconds(1)), (kept.EdgeId, kept.OrganizationId, kept.ConfirmedAt));
        StateWireTests.AssertSame(State with { Sockets = [.. State.Sockets.OrderBy(socket => socket.Id.Value, StringComparer.Ordinal)] }, kept.State);
        Assert.Equal([EdgeStateFile.FileName], Directory.GetFiles(folder).Select(Path.GetFileName));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.Path));
        }
    }

    [Fact]
    public void Damage_anywhere_is_noticed_and_set_aside()
    {
        file.Write(new EdgeStateFile.Kept(Edge, "org", State, FeedSamples.Time));
        var good = File.ReadAllBytes(file.Path);
        for (var at = 0; at < good.Length; at += 7)
        {
            var bytes = good.ToArray();
            bytes[at] ^= 0x55;
            File.WriteAllBytes(file.Path, bytes);
            Assert.Contains("damaged", Assert.Throws<InvalidDataException>(() => file.Read()).Message, StringComparison.Ordinal);
            Assert.False(File.Exists(file.Path));
            Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(folder, EdgeStateFile.DamagedFileName)));
        }

        foreach (var length in (int[])[0, 1, 20, 60, good.Length - 1])
        {
            File.WriteAllBytes(file.Path, good[..length]);
            Assert.Throws<InvalidDataException>(() => file.Read());
        }
    }

    [Fact]
    public void State_of_another_edge_is_refused_with_what_to_do()
    {
        file.Write(new EdgeStateFile.Kept(Edge, "org", State, FeedSamples.Time));
        var other = Assert.Throws<FeedStartException>(() => Keeper(new EdgeId("edge-b"), "org").Restore());
        Assert.All(["edge-a", "edge-b", folder, "--data-dir"], word => Assert.Contains(word, other.Message, StringComparison.Ordinal));
        Assert.Contains("another control plane", Assert.Throws<FeedStartException>(() => Keeper(Edge, "org-2").Restore()).Message, StringComparison.Ordinal);
        Assert.NotNull(Keeper(Edge, "org").Restore());
    }

    [Fact]
    public void Older_state_of_the_same_store_is_not_accepted_and_that_of_another_store_is()
    {
        var keeper = Keeper(Edge, "org");
        Assert.True(keeper.Accepts(new DesiredStateVersion("one", 1)));
        keeper.Take(State);
        Assert.False(keeper.Accepts(new DesiredStateVersion("one", 6)));
        Assert.True(keeper.Accepts(State.Version));
        Assert.True(keeper.Accepts(new DesiredStateVersion("two", 1)));
    }

    [Fact]
    public void Closed_keeper_gives_nobody_any_right_and_opens_to_what_it_had()
    {
        var keeper = Keeper(Edge, "org");
        keeper.Take(State);
        keeper.Close();
        var closed = keeper.InForce.State!;
        Assert.Empty(closed.Sockets);
        Assert.Empty(closed.Connectors);
        keeper.Open();
        Assert.Same(State, keeper.InForce.State);
    }

    private StateKeeper Keeper(EdgeId edge, string organization) => new(
        new RemoteFeedOptions
        {
            EdgeId = edge, OrganizationId = organization, Server = new Uri("https://localhost"), Trust = new ServerTrust([]), Credential = new("c"), DataDirectory = folder,
            TunnelAddresses = ["localhost:1"], CaPins = [], PublicHost = "localhost",
        },
        TimeProvider.System,
        NullLogger.Instance);
}
