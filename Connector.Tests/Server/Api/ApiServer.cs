using Connector.Protocol;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Connector.Server.Api;
using Connector.Server.Feed;
using Connector.Server.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Connector.Tests.Server.Api;

/// <summary>The API on a real Kestrel, on a port of the system's choice, with a store in a folder of its own.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    public const string CaPin = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    private readonly WebApplication app;
    private readonly string folder;

    private ApiServer(WebApplication app, string folder, FakeConnectorSessions sessions)
    {
        (this.app, this.folder, Sessions) = (app, folder, sessions);
        AdminToken = $"b0a_{Guid.NewGuid():N}";
        app.Services.GetRequiredService<ServerSecrets>().UseAdminToken(new Secret(AdminToken));
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminToken);
    }

    public string AdminToken { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public FakeConnectorSessions Sessions { get; }

    public IServiceProvider Services => app.Services;

    public IEdgeFeed Feed => Services.GetRequiredService<IEdgeFeed>();

    public static async Task<ApiServer> StartAsync(Action<ControlPlaneOptions>? configure = null)
    {
        var folder = Directory.CreateTempSubdirectory("api-").FullName;
        var options = new ControlPlaneOptions
        {
            DataDirectory = folder, PublicUrl = new Uri("https://border0.example.com:8443"), CaPins = [CaPin], EdgePublicHost = "edge.example.com",
        };
        configure?.Invoke(options);
        var sessions = new FakeConnectorSessions();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddControlPlaneStore(options).AddControlPlaneApi().AddSingleton<IConnectorSessions>(sessions);
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapControlPlaneApi();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new ApiServer(app, folder, sessions);
    }

    public Task<JsonElement> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null, HttpStatusCode.OK);

    public Task<JsonElement> PostAsync(string path, object body) => SendAsync(HttpMethod.Post, path, body, HttpStatusCode.OK);

    public Task<JsonElement> PutAsync(string path, object body) => SendAsync(HttpMethod.Put, path, body, HttpStatusCode.OK);

    public Task<JsonElement> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null, HttpStatusCode.OK);

    /// <summary>The message of an answer that must be this failure, in the one shape that failures have.</summary>
    public async Task<string> RefusedAsync(HttpMethod method, string path, object? body, int status)
    {
        var answer = await SendAsync(method, path, body, (HttpStatusCode)status);
        return Message(answer, status);
    }

    public static string Message(JsonElement answer, int status)
    {
        Assert.Equal(["error_message", "status_code"], answer.EnumerateObject().Select(property => property.Name).Order());
        Assert.Equal(status, answer.GetProperty("status_code").GetInt32());
        return answer.GetProperty("error_message").GetString()!;
    }

    /// <param name="body">Text is sent as it is, bytes too, anything else as JSON.</param>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(method, path.StartsWith('/') ? path : "/api/v1/" + path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body switch
            {
                byte[] bytes => bytes,
                string text => Encoding.UTF8.GetBytes(text),
                _ => JsonSerializer.SerializeToUtf8Bytes(body),
            });
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(expected == response.StatusCode, $"{method} {path}: {(int)response.StatusCode} {answer}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return JsonSerializer.Deserialize<JsonElement>(answer);
    }

    public async Task<string> CreateConnectorAsync(string name)
        => (await PostAsync("connector", new { name })).GetProperty("connector_id").GetString()!;

    public static object Upstream(string hostname = "db.internal", int port = 5432) => new
    {
        service_type = "tls",
        tls_service_configuration = new
        {
            tls_service_type = "standard",
            standard_tls_service_configuration = new { hostname, port },
        },
    };

    public static object Socket(string name, params string[] connectors)
        => new { name, socket_type = "tls", connector_ids = connectors, upstream_configuration = Upstream() };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
