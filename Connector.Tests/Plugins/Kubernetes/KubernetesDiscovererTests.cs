using System.Collections.Immutable;
using Connector.Plugins;
using Connector.Plugins.Kubernetes;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;
using Connector.Tests.Processes;
using Microsoft.AspNetCore.Http;

namespace Connector.Tests.Plugins.Kubernetes;

[Trait("kind", Kinds.Contract)]
public sealed class KubernetesDiscovererTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_pages_of_all_namespaces_are_read()
    {
        await using var cluster = await ClusterStub.StartAsync(Enumerable.Range(0, 5_000).Select(i => ClusterStub.Service($"s{i}", $"n{i % 50}")).ToArray());

        var found = await cluster.Discoverer().DiscoverAsync(null, Cancellation);

        Assert.Equal(5_000, found.Resources.Length);
        Assert.True(found.IsComplete);
        Assert.Equal(10, cluster.Asked.Count(one => one.StartsWith("/api/v1/services?", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task Master_url_outside_of_reach_is_not_asked(string host)
    {
        await using var cluster = await ClusterStub.StartAsync();
        var configuration = new KubernetesDiscoveryConfiguration { KubernetesCredentials = new() { MasterUrl = $"http://{host}:{cluster.Server.Port}" } };
        var discoverer = KubernetesPlugin.CreateDiscoverers(configuration, LocalEnvironment.With(forbids: static _ => "reach.deny of this replica")).Single();

        var thrown = await Assert.ThrowsAsync<DiscoveryException>(() => discoverer.DiscoverAsync(null, Cancellation));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains("reach.deny", thrown.Message, StringComparison.Ordinal);
        Assert.Empty(cluster.Asked);
    }

    [Fact]
    public async Task Cluster_of_a_kubeconfig_is_asked_wherever_it_is()
    {
        await using var cluster = await ClusterStub.StartAsync(ClusterStub.Service("web"));
        var configuration = new KubernetesDiscoveryConfiguration { KubernetesCredentials = new() { KubeconfigPath = cluster.Kubeconfig } };

        Assert.Single((await KubernetesPlugin.CreateDiscoverers(configuration, LocalEnvironment.With(forbids: static _ => "reach.deny")).Single().DiscoverAsync(null, Cancellation)).Resources);
    }

    [Fact]
    public async Task Each_namespace_that_is_named_is_a_source_of_its_own()
    {
        await using var cluster = await ClusterStub.StartAsync(ClusterStub.Service("web", "one"));
        var configuration = new KubernetesDiscoveryConfiguration
        {
            Namespaces = ["one", "two", "one"],
            KubernetesCredentials = new() { KubeconfigPath = cluster.Kubeconfig },
        };

        var discoverers = KubernetesPlugin.CreateDiscoverers(configuration, LocalEnvironment.With());
        await discoverers[0].DiscoverAsync(null, Cancellation);

        Assert.Equal(["kubernetes ( namespace = one )", "kubernetes ( namespace = two )"], discoverers.Select(one => one.DiscoveryId));
        Assert.StartsWith("/api/v1/namespaces/one/services?", Assert.Single(cluster.Asked), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_is_known_of_a_service_is_told()
    {
        await using var cluster = await ClusterStub.StartAsync(new
        {
            metadata = new { name = "web", @namespace = "shop", uid = "u-1", labels = new { app = "web" }, annotations = new { note = "x" } },
            spec = new
            {
                type = "LoadBalancer",
                clusterIP = "10.0.0.1",
                clusterIPs = new[] { "10.0.0.1", "fd00::1" },
                ports = new object[]
                {
                    new { name = "https", port = 443, targetPort = "web", nodePort = 30443, protocol = "TCP", appProtocol = "https" },
                    new { port = 53, targetPort = 5353, protocol = "UDP" },
                },
            },
            status = new { loadBalancer = new { ingress = new[] { new { ip = "192.0.2.1" } } } },
        });

        var details = (KubernetesServiceDetails)Assert.Single((await cluster.Discoverer().DiscoverAsync(null, Cancellation)).Resources).Details;

        Assert.Equal(("shop", "web", "u-1", "LoadBalancer"), (details.Namespace, details.Name, details.Uid, details.ServiceType));
        Assert.Equal(("192.0.2.1", "10.0.0.1", null), (details.LoadBalancerIp, details.ClusterIp, details.ExternalName));
        Assert.Equal(["10.0.0.1", "fd00::1"], details.ClusterIps);
        Assert.Equal(
            [
                new KubernetesServiceDetails.ServicePort { Name = "https", Port = 443, TargetPort = "web", NodePort = 30443, Protocol = "TCP", AppProtocol = "https" },
                new KubernetesServiceDetails.ServicePort { Port = 53, TargetPort = "5353", Protocol = "UDP" },
            ],
            details.Ports);
        Assert.Equal(("web", "x"), (details.Labels["app"], details.Annotations["note"]));
    }

    [Fact]
    public async Task Labels_filter()
    {
        await using var cluster = await ClusterStub.StartAsync(
            ClusterStub.Service("a", labels: new Dictionary<string, string> { ["expose"] = "yes" }), ClusterStub.Service("b"));

        var found = await cluster.Discoverer(new KubernetesDiscoveryConfiguration
        {
            IncludeWithLabels = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("expose", ["yes"]),
        }).DiscoverAsync(null, Cancellation);

        Assert.Equal("a.default", Assert.Single(found.Resources).Name);
        Assert.Empty(found.Warnings);
    }

    [Fact]
    public async Task List_that_expires_while_it_is_read_is_begun_anew()
    {
        await using var cluster = await ClusterStub.StartAsync(Enumerable.Range(0, 1_200).Select(i => ClusterStub.Service($"s{i}")).ToArray());
        var expired = 0;
        cluster.Instead = async (_, context) => context.Request.Query["continue"] == "1000" && Interlocked.Increment(ref expired) == 1
            && await ClusterStub.RefuseAsync(context, 410, "Expired", "The provided continue parameter is too old");

        var found = await cluster.Discoverer().DiscoverAsync(null, Cancellation);

        Assert.Equal(1_200, found.Resources.Length);
        Assert.Equal(2, expired);
    }

    [Fact]
    public async Task List_that_always_expires_is_given_up()
    {
        await using var cluster = await ClusterStub.StartAsync(Enumerable.Range(0, 600).Select(i => ClusterStub.Service($"s{i}")).ToArray());
        cluster.Instead = async (_, context) => context.Request.Query.ContainsKey("continue") && await ClusterStub.RefuseAsync(context, 410, "Expired", "too old");

        Assert.Equal(DiscoveryFailure.TimedOut, (await FailAsync(cluster.Discoverer())).Failure);
    }

    [Fact]
    public async Task Pages_that_lead_in_a_circle_are_malformed()
    {
        await using var cluster = await ClusterStub.StartAsync();
        cluster.Instead = async (_, context) =>
        {
            await context.Response.WriteAsync(
                """{"kind":"ServiceList","apiVersion":"v1","metadata":{"continue":"same"},"items":[{"metadata":{"name":"a","uid":"1"}}]}""");
            return true;
        };

        Assert.Equal(DiscoveryFailure.Malformed, (await FailAsync(cluster.Discoverer())).Failure);
    }

    [Fact]
    public async Task Server_that_is_busy_is_asked_again()
    {
        await using var cluster = await ClusterStub.StartAsync(ClusterStub.Service("a"));
        var refused = 0;
        cluster.Instead = async (_, context) =>
            Interlocked.Increment(ref refused) <= 2 && await ClusterStub.RefuseAsync(context, 429, "TooManyRequests", "too many requests");

        Assert.Single((await cluster.Discoverer().DiscoverAsync(null, Cancellation)).Resources);
    }

    [Theory]
    [InlineData(401, null, DiscoveryFailure.Credentials, "expired")]
    [InlineData(403, null, DiscoveryFailure.Denied, "ClusterRole")]
    [InlineData(403, "shop", DiscoveryFailure.Denied, "namespace shop")]
    [InlineData(429, null, DiscoveryFailure.Throttled, "fewer")]
    [InlineData(500, null, DiscoveryFailure.Unreachable, "500")]
    [InlineData(404, null, DiscoveryFailure.Malformed, "path")]
    public async Task Refusal_says_what_is_missing(int code, string? inNamespace, DiscoveryFailure failure, string says)
    {
        await using var cluster = await ClusterStub.StartAsync();
        cluster.Instead = (_, context) => ClusterStub.RefuseAsync(context, code, "Reason", $"services is forbidden {HostileTexts.Terminal}");

        var thrown = await FailAsync(cluster.Discoverer(new KubernetesDiscoveryConfiguration { Namespaces = inNamespace is null ? null : [inNamespace] }));

        Assert.Equal(failure, thrown.Failure);
        Assert.Contains(says, thrown.Message, StringComparison.Ordinal);
        Assert.Empty(HostileTexts.In(thrown.Message));
        if (code == 403)
        {
            Assert.Contains("\"list\" on the resource \"services\"", thrown.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("{}")]
    [InlineData("""{"kind":"ServiceList","metadata":{},"items":[{"metadata":5}]}""")]
    [InlineData("")]
    public async Task Answer_that_makes_no_sense_is_malformed(string answer)
    {
        await using var cluster = await ClusterStub.StartAsync();
        cluster.Instead = async (_, context) =>
        {
            await context.Response.WriteAsync(answer);
            return true;
        };

        Assert.Equal(DiscoveryFailure.Malformed, (await FailAsync(cluster.Discoverer())).Failure);
    }

    [Fact]
    public async Task Token_of_a_kubeconfig_that_is_rewritten_is_used_from_the_next_scan_on()
    {
        await using var cluster = await ClusterStub.StartAsync(ClusterStub.Service("a"));
        var good = await File.ReadAllTextAsync(cluster.Kubeconfig, Cancellation);
        await File.WriteAllTextAsync(cluster.Kubeconfig, good.Replace(ClusterStub.Token, "an-expired-one", StringComparison.Ordinal), Cancellation);
        var discoverer = cluster.Discoverer();

        Assert.Equal(DiscoveryFailure.Credentials, (await FailAsync(discoverer)).Failure);
        await File.WriteAllTextAsync(cluster.Kubeconfig, good, Cancellation);

        Assert.Single((await discoverer.DiscoverAsync(null, Cancellation)).Resources);
    }

    [Fact]
    public async Task Server_whose_authority_the_kubeconfig_holds_is_trusted()
    {
        await using var cluster = await ClusterStub.StartWithTlsAsync(isTrusted: true, services: ClusterStub.Service("a"));

        Assert.Single((await cluster.Discoverer().DiscoverAsync(null, Cancellation)).Resources);
    }

    [Theory]
    [InlineData(false, "localhost")]
    [InlineData(true, "another.test")]
    public async Task Certificate_of_another_authority_or_for_another_name_is_a_failure_of_tls(bool isTrusted, string name)
    {
        await using var cluster = await ClusterStub.StartWithTlsAsync(isTrusted, name, services: ClusterStub.Service("a"));

        Assert.Equal(DiscoveryFailure.Tls, (await FailAsync(cluster.Discoverer())).Failure);
        Assert.Empty(cluster.Asked);
    }

    [Theory]
    [InlineData("/nonexistent/kubeconfig", null)]
    [InlineData("~/kubeconfig", "key: [1, 2")]
    [InlineData("~/kubeconfig", "current-context: missing")]
    [InlineData("~/kubeconfig", "")]
    public async Task Kubeconfig_that_cannot_be_used_is_a_failure_of_the_configuration(string path, string? content)
    {
        using var home = new TemporaryFolder("home");
        if (content is not null)
        {
            home.Write("kubeconfig", content);
        }

        var discoverer = KubernetesPlugin.CreateDiscoverers(
            new KubernetesDiscoveryConfiguration { KubernetesCredentials = new() { KubeconfigPath = path } }, LocalEnvironment.With(home: home.Path)).Single();

        var thrown = await FailAsync(discoverer);

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains("kubeconfig", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_credentials_and_outside_of_a_cluster_the_users_kubeconfig_is_taken()
    {
        await using var cluster = await ClusterStub.StartAsync(ClusterStub.Service("a"));
        var environment = LocalEnvironment.With(new Dictionary<string, string> { ["KUBECONFIG"] = cluster.Kubeconfig });

        Assert.Single((await KubernetesPlugin.CreateDiscoverers(new KubernetesDiscoveryConfiguration(), environment).Single().DiscoverAsync(null, Cancellation)).Resources);
        Assert.Equal(
            DiscoveryFailure.Configuration,
            (await FailAsync(KubernetesPlugin.CreateDiscoverers(new KubernetesDiscoveryConfiguration(), LocalEnvironment.With()).Single())).Failure);
    }

    private static Task<DiscoveryException> FailAsync(IDiscoverer discoverer)
        => Assert.ThrowsAsync<DiscoveryException>(() => discoverer.DiscoverAsync(null, Cancellation).WaitAsync(TimeSpan.FromMinutes(3), Cancellation));
}
