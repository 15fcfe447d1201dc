using System.Globalization;
using System.Text.Json.Nodes;
using Connector.Tests.Host.Configuration;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>Mutual TLS between the replicas of a group, each a process of the real executable.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class GroupTlsTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly GroupCertificates certificates = new();
    private readonly GroupCertificates strangers = new();
    private readonly TemporaryFolder one = new("one");
    private readonly TemporaryFolder two = new("two");
    private readonly int[] ports = [FreePorts.Take(), FreePorts.Take()];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Replicas_of_one_ca_form_a_group_and_one_of_another_ca_stays_out_and_both_say_why()
    {
        await using var server = await ServerProcess.StartAsync(Cancellation);
        var first = ReplicaProcess.StartAsync(server, one, FreePorts.Take(), Cancellation, more: Cluster(one, 0, certificates));
        await using var stranger = await ReplicaProcess.StartAsync(server, two, FreePorts.Take(), Cancellation, more: Cluster(two, 1, strangers));
        await using var member = await first;
        foreach (var replica in (ReplicaProcess[])[member, stranger])
        {
            await Eventually.IsTrueAsync(
                () => replica.Process.Output.Contains("is not signed by the CA of this group", StringComparison.Ordinal)
                    && replica.Process.Output.Contains("sign it with the CA in cluster.tls.ca", StringComparison.Ordinal),
                "the replica says why the other one is not in its group", Cancellation);
        }

        await Eventually.IsTrueAsync(
            async () => ((string[])[Group(await member.StatusAsync(Cancellation)), Group(await stranger.StatusAsync(Cancellation))]).Order(StringComparer.Ordinal)
                .SequenceEqual(["leader, 1 members", "ungrouped, 0 members"]),
            "one of them has formed the group, without the other", Cancellation);

        stranger.Process.Signal(UnixSignal.Terminate);
        Assert.Equal(0, await stranger.Process.WaitForExitAsync(Deadline));
        await using var second = await ReplicaProcess.StartAsync(server, two, FreePorts.Take(), Cancellation, more: Cluster(two, 1, certificates));
        await Eventually.IsTrueAsync(
            async () => ((string[])[Group(await member.StatusAsync(Cancellation)), Group(await second.StatusAsync(Cancellation))]).Order(StringComparer.Ordinal)
                .SequenceEqual(["leader, 2 members", "member, 2 members"]),
            "two replicas of one CA are a group", Cancellation);
    }

    [Fact]
    public async Task Replica_with_an_expired_certificate_does_not_start_and_says_why()
    {
        await using var server = await ServerProcess.StartAsync(Cancellation);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ReplicaProcess.StartAsync(server, one, FreePorts.Take(), Cancellation, more: Cluster(one, 0, certificates, until: DateTimeOffset.UtcNow.AddHours(-1))));
        Assert.Contains("expired at", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Make a new one, or correct this machine's clock", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        certificates.Dispose();
        strangers.Dispose();
        one.Dispose();
        two.Dispose();
    }

    private static string Group(JsonNode status)
        => string.Create(CultureInfo.InvariantCulture, $"{(string?)status["role"]}, {status["group"]?["members"]?.AsArray().Count ?? 0} members");

    private string Cluster(TemporaryFolder folder, int number, GroupCertificates of, DateTimeOffset? until = null)
    {
        var (certificate, key) = of.Replica(until: until, uses: [GroupCertificates.ServerUse, GroupCertificates.ClientUse]);
        File.SetUnixFileMode(folder.Write("key.pem", key), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return string.Create(CultureInfo.InvariantCulture,
            $"cluster: {{bind: '127.0.0.1:{ports[number]}', peers: ['127.0.0.1:{ports[0]}', '127.0.0.1:{ports[1]}'], tls: {{certificate: {folder.Write("certificate.pem", certificate)}, key: {folder.File("key.pem")}, ca: {folder.Write("ca.pem", of.AuthorityPem)}}}}}");
    }
}
