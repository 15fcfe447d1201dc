using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Connector.Plugins;
using Connector.Plugins.Docker;
using Connector.Protocol.Plugins;
using Connector.Tests.Processes;
using Microsoft.AspNetCore.Http;

namespace Connector.Tests.Plugins.Docker;

/// <summary>A Docker engine on a Unix socket, as far as discovery asks it something.</summary>
internal sealed class EngineStub : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new("engine");
    private readonly Channel<string> events = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> asked = new();
    private HttpStub? server;

    public string ApiVersion { get; set; } = "1.41";

    public IReadOnlyList<object> Containers { get; set; } = [];

    /// <summary>Answers instead; false goes on as usual.</summary>
    public Func<HttpStub, HttpContext, Task<bool>>? Instead { get; set; }

    public string Path => folder.File("docker.sock");

    public IReadOnlyList<string> Asked => [.. asked];

    public HttpStub Server => server!;

    public static async Task<EngineStub> StartAsync(params IReadOnlyList<object> containers)
    {
        var stub = new EngineStub { Containers = containers };
        stub.server = await HttpStub.OnSocketAsync(stub.Path, stub.AnswerAsync);
        return stub;
    }

    public static object Container(string id, string name, IReadOnlyDictionary<string, string>? labels = null, params IReadOnlyList<object> ports) => new
    {
        Id = id,
        Names = new[] { name },
        Image = "nginx:1",
        ImageID = "sha256:0",
        Command = "nginx",
        Created = 1_700_000_000,
        State = "running",
        Status = "Up 5 minutes",
        Ports = ports,
        Labels = labels,
        HostConfig = new { NetworkMode = "default" },
    };

    public static object Port(string? ip, int inside, int? outside, string type = "tcp") => new { IP = ip, PrivatePort = inside, PublicPort = outside, Type = type };

    /// <param name="time">Null: one in which no answer of the stub comes too late.</param>
    public DockerDiscoverer Discoverer(DockerDiscoveryConfiguration? configuration = null, TimeProvider? time = null)
        => (DockerDiscoverer)DockerPlugin.CreateDiscoverers(
            (configuration ?? new()) with { DockerHost = $"unix://{Path}" }, LocalEnvironment.With(time: time ?? SlowTime.Thirtyfold)).Single();

    public void Tell(string action, string id) => events.Writer.TryWrite(JsonSerializer.Serialize(new
    {
        status = action,
        id,
        Type = "container",
        Action = action,
        Actor = new { ID = id, Attributes = new Dictionary<string, string> { ["name"] = "n" } },
        scope = "local",
        time = 1_700_000_000,
        timeNano = 1_700_000_000_000_000_000,
    }));

    /// <summary>Ends the streams of events.</summary>
    public void EndEvents() => events.Writer.TryComplete();

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        folder.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        asked.Enqueue($"{context.Request.Path}{context.Request.QueryString}");
        context.Response.Headers["Api-Version"] = ApiVersion;
        if (Instead is { } instead && await instead(Server, context))
        {
            return;
        }

        var path = context.Request.Path.Value!;
        if (path.EndsWith("/_ping", StringComparison.Ordinal))
        {
            await context.Response.WriteAsync("OK");
        }
        else if (path.EndsWith("/containers/json", StringComparison.Ordinal))
        {
            await context.Response.WriteAsJsonAsync(Containers, JsonSerializerOptions.Default);
        }
        else if (path.EndsWith("/events", StringComparison.Ordinal))
        {
            await TellAsync(context);
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }

    private async Task TellAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        await context.Response.Body.FlushAsync();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, Server.Ended);
        try
        {
            await foreach (var one in events.Reader.ReadAllAsync(either.Token))
            {
                await context.Response.WriteAsync(one + "\n", either.Token);
                await context.Response.Body.FlushAsync(either.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The watcher has left.
        }
    }
}
