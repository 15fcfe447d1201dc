using Akka.TestKit.Xunit;
using Connector.Protocol.Ids;
using Connector.Server.Api;
using Connector.Server.Control;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Server.Api;

[Trait("kind", Kinds.Actor)]
public sealed class AkkaConnectorSessionsTests : TestKit
{
    private static readonly ConnectorId Id = new("c");

    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task Session_is_what_the_parent_answers()
    {
        var parent = CreateTestProbe();
        var sessions = new AkkaConnectorSessions(() => parent.Ref, time);
        var answer = sessions.GetAsync(Id, TestContext.Current.CancellationToken);
        await parent.ExpectMsgAsync(new ConnectorsProtocol.GetSession(Id), TimeSpan.FromSeconds(30));
        var state = new ConnectorsProtocol.SessionState(Id, "online", new SessionEpoch(3), null, null, null, [], []);
        parent.Reply(state);
        Assert.Same(state, await answer);
    }

    [Fact]
    public async Task Session_is_unknown_when_nobody_answers_within_three_seconds()
    {
        var parent = CreateTestProbe();
        var sessions = new AkkaConnectorSessions(() => parent.Ref, time);
        var answer = sessions.GetAsync(Id, TestContext.Current.CancellationToken);
        await parent.ExpectMsgAsync<ConnectorsProtocol.GetSession>(TimeSpan.FromSeconds(30));

        time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.False(answer.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));

        Assert.Equal("unknown", (await answer).State);
    }

    [Fact]
    public async Task Caller_that_gives_up_is_not_told_unknown()
    {
        using var gaveUp = new CancellationTokenSource();
        var sessions = new AkkaConnectorSessions(() => CreateTestProbe().Ref, time);
        var answer = sessions.GetAsync(Id, gaveUp.Token);
        await gaveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
    }

    [Fact]
    public async Task Changes_are_told_to_the_parent()
    {
        var parent = CreateTestProbe();
        var sessions = new AkkaConnectorSessions(() => parent.Ref, time);
        sessions.DesiredStateChanged(Id);
        sessions.TokenRevoked(Id, "t");
        sessions.ConnectorDeleted(Id);
        await parent.ExpectMsgAsync(new ConnectorsProtocol.DesiredStateChanged(Id), TimeSpan.FromSeconds(30));
        await parent.ExpectMsgAsync(new ConnectorsProtocol.TokenRevoked(Id, "t"), TimeSpan.FromSeconds(30));
        await parent.ExpectMsgAsync(new ConnectorsProtocol.ConnectorDeleted(Id), TimeSpan.FromSeconds(30));
    }
}
