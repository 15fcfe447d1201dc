using System.Text.Json;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Connector.Host.Running;
using Connector.Host.State;
using Connector.Server.Edge;
using Xunit;

namespace Connector.Tests.Host.Running;

[Trait("kind", Kinds.Contract)]
public sealed class RunningTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("running-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Ready_file_has_the_agreed_shape_and_only_its_owner_reads_it()
    {
        var path = Path.Combine(root, "ready.json");
        File.WriteAllText(path, "of an earlier run");

        var file = ReadyFile.Prepare(path)!;
        Assert.False(File.Exists(path));
        file.Write(new ReadyReport
        {
            PortalUrl = "http://localhost:8080/", ApiUrl = "http://localhost:8080/api/v1", Tunnel = "127.0.0.1:8444", AdminToken = "a", ConnectorId = "c",
            ConnectorToken = "t", Sockets = [new ReadySocket("db", "s", "tls", "127.0.0.1:20000")], Replicas = [new ReadyReplica("r", 7, "http://127.0.0.1:9480/")],
        });

        var json = JsonElement.Parse(File.ReadAllText(path));
        Assert.Equal(
            ["pid", "portal_url", "api_url", "tunnel", "admin_token", "connector_id", "connector_token", "edge_id", "health_url", "sockets", "replicas"],
            json.EnumerateObject().Select(property => property.Name));
        Assert.Equal(["name", "id", "type", "endpoint"], json.GetProperty("sockets")[0].EnumerateObject().Select(property => property.Name));
        Assert.Equal(["id", "pid", "health_url"], json.GetProperty("replicas")[0].EnumerateObject().Select(property => property.Name));
        Assert.Equal([path], Directory.GetFileSystemEntries(root));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(PrivateFiles.OwnerOnlyFile, File.GetUnixFileMode(path));
        }
    }

    [Fact]
    public void Ready_file_that_could_not_be_written_is_refused_at_once()
        => Assert.Contains("directory does not exist", Assert.Throws<ConnectorError>(() => ReadyFile.Prepare(Path.Combine(root, "none", "ready.json"))).Message);

    [Fact]
    public void Default_port_that_is_busy_gives_way_and_says_so()
    {
        var ports = new PortChoice(port => port != 8443, () => 40001);

        Assert.Equal(40001, ports.Choose((int?)null, 8443, "--https-port"));
        Assert.Equal(8444, ports.Choose((int?)null, 8444, "--tunnel-port"));
        Assert.Contains("8443", Assert.Single(ports.Notes));
    }

    [Fact]
    public void Port_that_was_asked_for_and_is_busy_is_an_error()
        => Assert.Contains("--https-port 8443", Assert.Throws<ConnectorError>(() => new PortChoice(_ => false, () => 1).Choose(8443, 8443, "--https-port")).Message);

    [Fact]
    public void Edge_ports_that_are_busy_give_way_to_the_next_block()
    {
        var ports = new PortChoice(port => port != 20003, () => 1);

        Assert.Equal(new PortRange(20100, 20199), ports.Choose(null, new PortRange(20000, 20099)));
        Assert.Single(ports.Notes);
        Assert.Equal(new PortRange(5, 6), ports.Choose(new PortRange(5, 6), new PortRange(20000, 20099)));
    }

    [Fact]
    public void Free_ports_are_found_on_this_machine() => Assert.InRange(PortChoice.OnLoopback().Choose(0, 0, "--x"), 0, 65535);
}
