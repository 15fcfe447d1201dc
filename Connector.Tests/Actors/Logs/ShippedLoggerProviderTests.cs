using System.Text;
using System.Text.Json;
using Connector.Actors.Control;
using Connector.Actors.Logs;
using Connector.Protocol;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Connector.Tests.Actors.Logs;

[Trait("kind", Kinds.Pure)]
public sealed class ShippedLoggerProviderTests : IDisposable
{
    private readonly LogInlet inlet = new();
    private readonly ILoggerFactory factory;

    public ShippedLoggerProviderTests()
        => factory = LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Trace).AddProvider(new ShippedLoggerProvider(inlet, TimeProvider.System)));

    [Fact]
    public void Record_is_one_line_of_json_with_message_fields_and_ids()
    {
        factory.CreateLogger("Connector.Actors.Sockets.SocketActor").LogWarning(
            new InvalidOperationException("boom"),
            "dialling {Upstream} for {SocketId} took {Took}",
            "db:5432", new SocketId("s-1"), TimeSpan.FromMilliseconds(1500));
        var record = Take();
        Assert.Equal(("warn", "s-1", ""), (record.Severity, record.SocketId, record.PluginId));
        Assert.EndsWith("\n", record.Message, StringComparison.Ordinal);
        Assert.Equal(1, record.Message.Count(c => c == '\n'));
        var json = JsonDocument.Parse(record.Message).RootElement;
        Assert.Equal("dialling db:5432 for s-1 took 00:00:01.5000000", json.GetProperty("msg").GetString());
        Assert.Equal("db:5432", json.GetProperty("Upstream").GetString());
        Assert.Equal(1.5, json.GetProperty("Took").GetDouble());
        Assert.Equal("boom", json.GetProperty("error").GetString());
        Assert.False(json.TryGetProperty("{OriginalFormat}", out _));
    }

    [Fact]
    public void Level_below_the_filter_is_not_shipped()
    {
        factory.CreateLogger("a").LogDebug("quiet");
        Assert.False(inlet.TryTake(out _));
    }

    [Fact]
    public void Authentication_failures_and_the_shipper_itself_are_never_shipped()
    {
        factory.CreateLogger(LocalOnly.Category(typeof(ControlSessionActor))).LogError("token refused");
        factory.CreateLogger(typeof(LogShipperActor).FullName!).LogError("outbox full");
        factory.CreateLogger("Grpc.Net.Client.Internal.GrpcCall").LogError("Unauthenticated");
        var logger = factory.CreateLogger("Connector.Host.Start");
        using (logger.BeginScope(LocalOnly.Scope))
            logger.LogError("token refused");
        Assert.False(inlet.TryTake(out _));
        logger.LogError("outside of the scope");
        Assert.NotNull(Take());
    }

    [Fact]
    public void Scope_fields_are_added_and_the_records_own_win()
    {
        var logger = factory.CreateLogger("a");
        using (logger.BeginScope(new Dictionary<string, object?> { ["PluginId"] = "p", ["Color"] = "scope" }))
            logger.LogInformation("{Color}", "own");
        var record = Take();
        Assert.Equal("p", record.PluginId);
        Assert.Equal("own", JsonDocument.Parse(record.Message).RootElement.GetProperty("Color").GetString());
    }

    [Fact]
    public void Secret_is_not_written()
    {
        factory.CreateLogger("a").LogInformation("token {Token}", new Secret("hunter2"));
        Assert.DoesNotContain("hunter2", Take().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('x')]
    [InlineData('\u0001')]
    [InlineData('€')]
    public void Oversize_record_is_truncated_with_a_mark_and_stays_json(char filler)
    {
        factory.CreateLogger("a").LogInformation("{Long}", "begin " + new string(filler, 40_000));
        var record = Take();
        Assert.InRange(Encoding.UTF8.GetByteCount(record.Message), 1, LogRecordWriter.LargestMessage);
        var json = JsonDocument.Parse(record.Message).RootElement;
        Assert.StartsWith("begin ", json.GetProperty("msg").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("…", json.GetProperty("msg").GetString(), StringComparison.Ordinal);
        Assert.True(json.GetProperty("truncated_bytes").GetInt64() > 40_000);
    }

    [Fact]
    public void Broken_text_does_not_throw()
    {
        factory.CreateLogger("a").LogInformation("{Cut}", "half a pair \ud83d");
        JsonDocument.Parse(Take().Message);
    }

    [Theory]
    [InlineData(LogLevel.Trace, "debug")]
    [InlineData(LogLevel.Debug, "debug")]
    [InlineData(LogLevel.Information, "info")]
    [InlineData(LogLevel.Warning, "warn")]
    [InlineData(LogLevel.Error, "error")]
    [InlineData(LogLevel.Critical, "error")]
    public void Severity_names_are_those_of_the_public_client(LogLevel level, string name) => Assert.Equal(name, LogRecordWriter.SeverityOf(level));

    public void Dispose() => factory.Dispose();

    private Log Take()
    {
        Assert.True(inlet.TryTake(out var record));
        return record!;
    }
}
