using Connector.Relay.Frames;
using Connector.Relay.Streams;
using Connector.Server.Edge.Accounting;
using Connector.Server.Feed;

namespace Connector.Tests.Server.Edge.Accounting;

[Trait("kind", Kinds.Pure)]
public sealed class SessionVerdictTests
{
    [Theory]
    [InlineData(true, SessionEnder.Client)]
    [InlineData(false, SessionEnder.Upstream)]
    public void Completed_stream_was_ended_by_who_closed_first(bool localFirst, SessionEnder ender)
    {
        var outcome = new StreamOutcome(StreamEnd.Completed, "", 1, 2) { LocalFinishedFirst = localFirst };
        Assert.Equal(new SessionVerdict(ender, "closed"), SessionVerdict.Of(outcome, allowed: true));
    }

    [Theory]
    [InlineData(StreamEnd.LocalFailed, ResetCode.ConnectionLost, true, SessionEnder.Client, "connection_lost")]
    [InlineData(StreamEnd.RemoteReset, ResetCode.ConnectionLost, true, SessionEnder.Upstream, "connection_lost")]
    [InlineData(StreamEnd.RemoteReset, ResetCode.IdleTimeout, true, SessionEnder.Limit, "idle_timeout")]
    [InlineData(StreamEnd.RemoteReset, ResetCode.MaximumAge, true, SessionEnder.Limit, "maximum_age")]
    [InlineData(StreamEnd.RemoteReset, ResetCode.Policy, true, SessionEnder.Replica, "policy")]
    [InlineData(StreamEnd.RemoteReset, ResetCode.Internal, true, SessionEnder.Replica, "internal")]
    [InlineData(StreamEnd.RemoteReset, ResetCode.LinkLost, true, SessionEnder.Link, "link_lost")]
    [InlineData(StreamEnd.RemoteReset, (ResetCode)999, true, SessionEnder.Replica, "unknown")]
    [InlineData(StreamEnd.RemoteReset, null, true, SessionEnder.Replica, "gone")]
    [InlineData(StreamEnd.Stopped, ResetCode.Policy, false, SessionEnder.Policy, "policy")]
    [InlineData(StreamEnd.Stopped, ResetCode.Policy, true, SessionEnder.Edge, "stopped")]
    [InlineData(StreamEnd.Stopped, ResetCode.IdleTimeout, true, SessionEnder.Limit, "idle_timeout")]
    [InlineData(StreamEnd.Stopped, ResetCode.MaximumAge, false, SessionEnder.Limit, "maximum_age")]
    [InlineData(StreamEnd.LinkLost, null, true, SessionEnder.Link, "link_lost")]
    [InlineData(StreamEnd.LinkLost, null, false, SessionEnder.Policy, "policy")]
    [InlineData(StreamEnd.Failed, ResetCode.Internal, true, SessionEnder.Edge, "internal")]
    public void Stream_that_was_cut_off_was_ended_by_who_did_it(StreamEnd end, ResetCode? code, bool allowed, SessionEnder ender, string word)
        => Assert.Equal(new SessionVerdict(ender, word), SessionVerdict.Of(new StreamOutcome(end, "", 0, 0) { Code = code }, allowed));
}
