using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Connector.Benchmarks.Discovery;

/// <summary>EC2, a Docker engine and a Kubernetes API server at one port of loopback. Their answers were written before anybody asks.</summary>
internal sealed class InstantSources : IAsyncDisposable
{
    private const int InstancePage = 1_000;
    private const int ServicePage = 500;
    private const string Account = "123456789012";

    private readonly WebApplication server;
    private readonly byte[][] instances;
    private readonly byte[][] services;
    private readonly byte[] containers;

    private InstantSources(int instanceCount, int containerCount, int serviceCount)
    {
        instances = Pages(instanceCount, InstancePage, Instances);
        services = Pages(serviceCount, ServicePage, Services);
        containers = JsonSerializer.SerializeToUtf8Bytes(Enumerable.Range(0, containerCount).Select(Container));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        server = builder.Build();
        server.Run(AnswerAsync);
    }

    public string Url => server.Urls.Single();

    public int Port => new Uri(Url).Port;

    public string Kubeconfig =>
        $$"""
        apiVersion: v1
        kind: Config
        current-context: one
        contexts: [ { name: one, context: { cluster: one, user: one } } ]
        clusters: [ { name: one, cluster: { server: "{{Url}}" } } ]
        users: [ { name: one, user: { token: token } } ]
        """;

    public static async Task<InstantSources> StartAsync(int instances, int containers, int services, CancellationToken cancellation)
    {
        var sources = new InstantSources(instances, containers, services);
        await sources.server.StartAsync(cancellation);
        return sources;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (path.EndsWith("/_ping", StringComparison.Ordinal))
        {
            context.Response.Headers["Api-Version"] = "1.41";
            await context.Response.WriteAsync("OK");
        }
        else if (path.EndsWith("/containers/json", StringComparison.Ordinal))
        {
            await WriteAsync(context, "application/json", containers);
        }
        else if (path.EndsWith("/services", StringComparison.Ordinal))
        {
            await WriteAsync(context, "application/json", services[PageOf(context.Request.Query["continue"])]);
        }
        else
        {
            var form = await context.Request.ReadFormAsync();
            await WriteAsync(context, "text/xml;charset=UTF-8", form["Action"] == "DescribeInstances" ? instances[PageOf(form["NextToken"])] : Identity());
        }
    }

    private static Task WriteAsync(HttpContext context, string type, byte[] body)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, 0, body.Length);
    }

    private static int PageOf(string? token) => int.TryParse(token, CultureInfo.InvariantCulture, out var page) ? page : 0;

    private static byte[][] Pages(int count, int size, Func<IEnumerable<int>, string?, byte[]> write)
        => [.. Enumerable.Range(0, count).Chunk(size).Select((page, index) => write(page, (index + 1) * size < count ? $"{index + 1}" : null))];

    private static byte[] Identity() => Encoding.UTF8.GetBytes(
        $"""
        <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
        <Arn>arn:aws:iam::{Account}:user/reader</Arn><UserId>AIDAEXAMPLE</UserId><Account>{Account}</Account>
        </GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>
        """);

    private static byte[] Instances(IEnumerable<int> numbers, string? next)
    {
        var body = new StringBuilder("""<?xml version="1.0" encoding="UTF-8"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><reservationSet>""");
        foreach (var number in numbers)
        {
            // Their addresses refuse at once: what is measured is the scan, not the patience with a network.
            body.Append(CultureInfo.InvariantCulture, $"""
                <item><reservationId>r-{number:x17}</reservationId><ownerId>{Account}</ownerId><groupSet/><instancesSet><item><instanceId>i-{number:x17}</instanceId>
                <imageId>ami-0abcdef1234567890</imageId><instanceState><code>16</code><name>running</name></instanceState><privateDnsName/><dnsName/>
                <instanceType>t3.micro</instanceType><launchTime>2026-01-02T03:04:05.000Z</launchTime><placement><availabilityZone>eu-west-1a</availabilityZone></placement>
                <subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><privateIpAddress>127.78.{number / 256}.{number % 256}</privateIpAddress><architecture>x86_64</architecture>
                <tagSet><item><key>Name</key><value>web-{number}</value></item><item><key>tier</key><value>t{number % 3}</value></item></tagSet></item></instancesSet></item>
                """);
        }

        return Encoding.UTF8.GetBytes(body.Append("</reservationSet>").Append(next is null ? "" : $"<nextToken>{next}</nextToken>").Append("</DescribeInstancesResponse>").ToString());
    }

    private static byte[] Services(IEnumerable<int> numbers, string? next) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        kind = "ServiceList",
        apiVersion = "v1",
        metadata = new Dictionary<string, string?> { ["resourceVersion"] = "100", ["continue"] = next },
        items = numbers.Select(static number => new
        {
            metadata = new
            {
                name = $"service-{number}", @namespace = $"team-{number % 50}", uid = $"00000000-0000-4000-8000-{number:x12}", resourceVersion = "7",
                labels = new Dictionary<string, string> { ["app"] = $"app-{number}", ["tier"] = $"t{number % 3}" },
            },
            spec = new
            {
                type = "ClusterIP", clusterIP = $"10.0.{number / 256}.{number % 256}", clusterIPs = new[] { $"10.0.{number / 256}.{number % 256}" },
                ports = new[] { new { name = "http", port = 80, targetPort = 8080, protocol = "TCP" } },
            },
            status = new { loadBalancer = new { } },
        }),
    });

    private static object Container(int number) => new
    {
        Id = $"{number:x64}",
        Names = new[] { $"/web-{number}" },
        Image = "nginx:1",
        ImageID = $"sha256:{number:x64}",
        Command = "nginx -g 'daemon off;'",
        Created = 1_700_000_000,
        State = "running",
        Status = "Up 5 minutes",
        Ports = new[] { new { IP = "0.0.0.0", PrivatePort = 80, PublicPort = 10_000 + number, Type = "tcp" } },
        Labels = new Dictionary<string, string> { ["com.example.app"] = $"app-{number}" },
        HostConfig = new { NetworkMode = "bridge" },
        NetworkSettings = new { Networks = new { bridge = new { IPAddress = $"172.17.{number / 256}.{number % 256}" } } },
        Mounts = Array.Empty<object>(),
    };
}
