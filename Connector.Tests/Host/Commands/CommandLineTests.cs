using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Connector.Host.Composition;
using Connector.Protocol.Ids;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Host.Commands;

[Trait("kind", Kinds.Contract)]
public sealed class CommandLineTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly HostFixture host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task No_arguments_show_the_commands()
    {
        Assert.Equal(0, await host.RunAsync());
        Assert.All(new[] { "dev", "server", "start", "status", "drill", "config" }, command => Assert.Contains(command, host.Output));
    }

    [Theory]
    [InlineData("strat")]
    [InlineData("start", "--token", "x")]
    [InlineData("dev", "--https-port", "70000")]
    [InlineData("dev", "--edge-ports", "20099-20000")]
    [InlineData("dev", "--expose", "db")]
    [InlineData("dev", "--expose", "db=gopher://h:70")]
    [InlineData("dev", "--expose", "db=tcp://h")]
    [InlineData("dev", "--expose", "DB=tcp://h:1")]
    [InlineData("dev", "--expose", "db=postgres://user:hunter2@h:1")]
    [InlineData("dev", "--expose", "a=tcp://h:1", "--expose", "a=tcp://h:2")]
    [InlineData("dev", "--replicas", "0")]
    [InlineData("dev", "--replicas", "10")]
    [InlineData("dev", "--replicas", "many")]
    [InlineData("dev", "--replicas", "2", "--health", "127.0.0.1:9480")]
    [InlineData("drill")]
    [InlineData("drill", "--ready-file", "f", "--health", "127.0.0.1:1")]
    [InlineData("drill", "--ready-file", "f", "--rate", "0")]
    [InlineData("drill", "--ready-file", "f", "--events", "explode")]
    [InlineData("drill", "--ready-file", "f", "--freeze-for", "long")]
    [InlineData("server", "--roles", "control,king")]
    [InlineData("start", "--health", "nowhere")]
    [InlineData("config", "check")]
    public async Task Command_line_that_is_wrong_exits_2_with_a_reason(params string[] arguments)
    {
        Assert.Equal(2, await host.RunAsync(arguments));
        Assert.StartsWith("error: ", host.Error);
        Assert.DoesNotContain("   at ", host.Error);
        Assert.DoesNotContain("hunter2", host.Error);
    }

    [Fact]
    public async Task Mistake_exits_1_in_one_line()
    {
        Assert.Equal(1, await host.RunAsync("start"));
        Assert.Single(host.Error.TrimEnd().Split('\n'));
        Assert.Contains("BORDER0_TOKEN", host.Error);
    }

    [Fact]
    public async Task Defect_exits_70_in_one_line_and_with_details_at_debug()
    {
        host.Variables["BORDER0_TOKEN"] = HostFixture.Token();
        host.Roles = new Roles(null!, (_, _) => throw new InvalidOperationException("boom"));

        Assert.Equal(70, await host.RunAsync("start"));
        Assert.Contains("boom", Assert.Single(host.Error.TrimEnd().Split('\n')));

        host.Variables["BORDER0_LOG_LEVEL"] = "debug";
        Assert.Equal(70, await host.RunAsync("start"));
        Assert.Contains("   at ", host.Error);
    }

    [Fact]
    public async Task Start_hands_over_settings_writes_the_ready_file_and_stops_on_request()
    {
        host.Variables["BORDER0_TOKEN"] = HostFixture.Token();
        var readyFile = Path.Combine(host.Home, "ready.json");
        using var stopping = new CancellationTokenSource(Deadline);
        ReplicaRoleOptions? seen = null;
        JsonElement ready = default;
        var stopped = 0;
        host.Roles = new Roles(null!, (options, _) =>
        {
            seen = options;
            return Task.FromResult(new RunningReplica(
                options.State.ReplicaId, new Uri("http://127.0.0.1:4711/"), new TaskCompletionSource<string>().Task,
                _ =>
                {
                    Interlocked.Increment(ref stopped);
                    return Task.CompletedTask;
                }));
        });

        var run = host.RunAsync(stopping.Token, "start", "--state-dir", Path.Combine(host.Home, "state"), "--health", "127.0.0.1:0", "--ready-file", readyFile);
        while (!File.Exists(readyFile))
        {
            Assert.False(run.IsCompleted, host.Error);
            await Task.Yield();
        }

        ready = JsonElement.Parse(await File.ReadAllTextAsync(readyFile, TestContext.Current.CancellationToken));
        await stopping.CancelAsync();

        Assert.Equal(0, await run);
        Assert.Equal(1, stopped);
        Assert.Equal(HostFixture.ConnectorIdText, seen!.Settings.ConnectorId.Value);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 0), seen.Settings.Health);
        Assert.Equal(Environment.ProcessId, ready.GetProperty("pid").GetInt32());
        Assert.Equal("http://127.0.0.1:4711/", ready.GetProperty("replicas")[0].GetProperty("health_url").GetString());
        Assert.False(File.Exists(readyFile));
    }

    [Fact]
    public async Task Start_ends_with_the_reason_when_the_connector_was_deleted()
    {
        host.Variables["BORDER0_TOKEN"] = HostFixture.Token();
        host.Roles = new Roles(null!, (options, _) => Task.FromResult(new RunningReplica(
            new ReplicaId("r"), null, Task.FromResult("connector deleted"), _ => Task.CompletedTask)));

        Assert.Equal(0, await host.RunAsync("start"));
        Assert.Contains("connector deleted", host.Error);
    }

    [Fact]
    public async Task Server_prints_the_admin_token_only_once()
    {
        var data = Path.Combine(host.Home, "server");
        ServerRoleOptions? seen = null;
        host.Roles = new Roles(
            (options, _) =>
            {
                seen = options;
                return Task.FromResult(new RunningServer(
                    new Uri("https://localhost:1/"), new Uri("https://localhost:1/api/v1"), new Uri("https://localhost:1"), "localhost:2",
                    Task.CompletedTask, _ => Task.CompletedTask));
            },
            null!);

        Assert.Equal(0, await host.RunAsync("server", "--data-dir", data, "--roles", "control"));
        var token = await File.ReadAllTextAsync(Path.Combine(data, "admin-token"), TestContext.Current.CancellationToken);
        Assert.Contains(token.Trim(), host.Output);
        Assert.Equal(["control"], seen!.Roles);
        Assert.Contains("public_url", host.Error);

        var before = host.Output.Length;
        Assert.Equal(0, await host.RunAsync("server", "--data-dir", data));
        Assert.DoesNotContain(token.Trim(), host.Output[before..]);
    }

    [Theory]
    [InlineData("""{"replica_id":"r1","connector_id":"c1","version":"0.1.0","control_session":{"state":"online","epoch":3},"sockets":[{"id":"s","name":"db","type":"database","state":"serving","live_streams":2}]}""", 0, "db")]
    [InlineData("""{"replica_id":"r1","status":"ready","ready":true,"role":"member","streams":{"live":7,"oldest_seconds":61},"group":{"generation":4,"members":[{"replica_id":"r2","address":"10.0.0.12:9500","leader":true}]}}""", 0, "10.0.0.12:9500  r2  leader")]
    [InlineData("""{"replica_id":"r1","status":"ready","ready":true,"role":"member","streams":{"live":7,"oldest_seconds":61}}""", 0, "7, the oldest for 61 s")]
    [InlineData("""{"replica_id":"r1","status":"ready","ready":true,"role":"ungrouped","group":{"generation":0,"reason":"no verdict","members":[]}}""", 0, "none: no verdict")]
    [InlineData("""{"replica_id":"r1","status":"not ready, draining: it serves","ready":false,"role":"draining"}""", 0, "not ready, draining")]
    [InlineData("""{"replica_id":"r1","control_session":{"state":"refused","reason":"connector is already connected"}}""", 3, "already connected")]
    public async Task Status_prints_a_table_and_its_exit_code_says_how_it_is(string body, int exitCode, string shown)
    {
        Assert.Equal(exitCode, await StatusOf(body));
        Assert.Contains(shown, host.Output);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("[1]")]
    public async Task Status_of_a_stranger_is_a_mistake(string body)
    {
        Assert.Equal(1, await StatusOf(body));
        Assert.Contains("no replica", host.Error);
    }

    [Fact]
    public async Task Status_exits_4_when_nothing_answers()
    {
        Assert.Equal(4, await host.RunAsync("status", "--health", $"127.0.0.1:{FreePorts.Take()}"));
        Assert.Contains("Not running", host.Error);
    }

    [Theory]
    [InlineData("connector.yaml", "connector")]
    [InlineData("server.yaml", "server")]
    public async Task Sample_configuration_is_good(string name, string kind)
    {
        Assert.Equal(0, await host.RunAsync("config", "check", Path.Combine(Root(), "config", name)));
        Assert.Contains($"a good {kind} configuration", host.Output);
    }

    [Theory]
    [InlineData("tokn: x\n", "line 1: tokn: unknown key; did you mean \"token\"?")]
    [InlineData("health: 127.0.0.1:9480\nreach:\n  alow: []\n", "line 3: reach.alow: unknown key; did you mean \"allow\"?")]
    [InlineData("reach:\n  allow:\n  - 10.0.0.0/99\n", "line 3: reach.allow: expected a network")]
    [InlineData("drain_timeout: soon\n", "line 1: drain_timeout: expected a duration")]
    [InlineData("health: 9480\n", "line 1: health: expected an address")]
    [InlineData("token: {a: b}\n", "line 1: token: expected a text, found keys below it")]
    [InlineData("- a\n- b\n", "expected keys with values")]
    [InlineData("token: [\n", "line 2")]
    [InlineData("token: a\ntoken: b\n", "line 2")]
    [InlineData("public_url: http://h\n", "line 1: public_url: expected an https address")]
    [InlineData("https_port: 99999\n", "line 1: https_port: expected a port")]
    [InlineData("tunnel_address: h\n", "line 1: tunnel_address: expected a host and port")]
    [InlineData("tls: {certificate: a}\n", "both certificate and key")]
    [InlineData("connector_insecure: true\n", "connector_insecure")]
    [InlineData("connector_server: http://h:1\n", "connector_server")]
    [InlineData("token: not.a.token\n", "token: ")]
    [InlineData("token: from:aws:ssm:x\n", "not supported in this build")]
    public async Task Configuration_that_is_wrong_names_line_and_remedy(string yaml, string named)
    {
        Assert.Equal(1, await host.RunAsync("config", "check", host.Write("c.yaml", yaml)));
        Assert.Contains(named, host.Error);
        Assert.DoesNotContain("   at ", host.Error);
    }

    [Fact]
    public async Task Configuration_that_is_missing_is_named()
    {
        Assert.Equal(1, await host.RunAsync("config", "check", Path.Combine(host.Home, "none.yaml")));
        Assert.Contains("none.yaml", host.Error);
        Assert.Contains("no such file", host.Error);
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Border0.Actors.sln")))
        {
            directory = directory.Parent!;
        }

        return directory.FullName;
    }

    private async Task<int> StatusOf(string body)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = Task.Run(
            async () =>
            {
                using var client = await listener.AcceptTcpClientAsync(deadline.Token);
                await using var stream = client.GetStream();
                var request = new byte[4096];
                await stream.ReadAtLeastAsync(request, 4, cancellationToken: deadline.Token);
                await stream.WriteAsync(
                    Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\ncontent-length: {Encoding.UTF8.GetByteCount(body)}\r\nconnection: close\r\n\r\n{body}"), deadline.Token);
            },
            deadline.Token);
        var exitCode = await host.RunAsync(deadline.Token, "status", "--health", listener.LocalEndpoint.ToString()!);
        await answering;
        return exitCode;
    }
}
