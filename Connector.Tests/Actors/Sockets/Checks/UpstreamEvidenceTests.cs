using Connector.Actors.Health;
using Connector.Actors.Sockets.Checks;
using Connector.Protocol.Sockets;
using Xunit;

namespace Connector.Tests.Actors.Sockets.Checks;

[Trait("kind", Kinds.Pure)]
public sealed class UpstreamEvidenceTests
{
    private static readonly UpstreamCheck Disabled = UpstreamCheck.Of(new SocketConfiguration { UpstreamCheck = new UpstreamCheckConfiguration { Enabled = false } });

    [Fact]
    public void Check_and_its_timeout_together_end_within_six_seconds_of_the_last_evidence()
    {
        var evidence = new UpstreamEvidence(UpstreamCheck.Default, At(0));
        foreach (var jitter in (double[])[0, 0.5, 1])
        {
            Assert.InRange((evidence.DueAt(jitter)!.Value + UpstreamCheck.Default.Timeout).TotalSeconds, 4, 5.8);
        }

        evidence.Proven(At(100));
        Assert.True(evidence.CheckFailed(At(103), At(105), "no answer"));
        Assert.InRange(evidence.DueAt(1)!.Value.TotalSeconds, 105, 107);
    }

    [Fact]
    public void Nothing_known_is_unknown_and_proof_and_failure_are_what_they_say()
    {
        var evidence = new UpstreamEvidence(UpstreamCheck.Default, At(0));
        Assert.Equal((LampState.Unknown, "not checked yet"), evidence.Judge(At(0)));
        evidence.Proven(At(1));
        Assert.Equal((LampState.On, ""), evidence.Judge(At(1)));
        evidence.Failed(At(2), At(2), "refused");
        Assert.Equal((LampState.Off, "refused"), evidence.Judge(At(2)));
        Assert.Equal(At(1), evidence.ProvenAt);
        evidence.Proven(At(3));
        Assert.Equal(LampState.On, evidence.Judge(At(3)).State);
    }

    [Fact]
    public void Proof_that_nobody_renews_turns_unknown()
    {
        var evidence = new UpstreamEvidence(UpstreamCheck.Default, At(0));
        evidence.Proven(At(0));
        Assert.Equal(LampState.On, evidence.Judge(At(12)).State);
        Assert.Equal(LampState.Unknown, evidence.Judge(At(12.1)).State);
    }

    [Fact]
    public void Failure_of_a_dial_that_began_before_the_newest_proof_is_of_the_past()
    {
        var evidence = new UpstreamEvidence(UpstreamCheck.Default, At(0));
        evidence.Proven(At(4));
        evidence.Failed(At(0), At(5), "no answer in 5 s");
        Assert.Equal(LampState.On, evidence.Judge(At(5)).State);
        evidence.Failed(At(4.5), At(6), "no answer");
        Assert.Equal(LampState.Off, evidence.Judge(At(6)).State);
    }

    [Fact]
    public void Bytes_of_an_old_stream_do_not_hide_that_new_ones_cannot_be_opened()
    {
        var evidence = new UpstreamEvidence(UpstreamCheck.Default, At(0));
        evidence.Flowed(At(0), At(1));
        Assert.Equal(LampState.On, evidence.Judge(At(1)).State);
        evidence.Failed(At(2), At(2), "refused");
        evidence.Flowed(At(0), At(3));
        Assert.Equal(LampState.Off, evidence.Judge(At(3)).State);
        evidence.Flowed(At(2.5), At(4));
        Assert.Equal(LampState.On, evidence.Judge(At(4)).State);
    }

    [Fact]
    public void Flowing_bytes_put_the_next_check_off()
    {
        var evidence = new UpstreamEvidence(UpstreamCheck.Default, At(0));
        for (var second = 1; second <= 60; second++)
        {
            Assert.True(evidence.DueAt(0) > At(second));
            evidence.Flowed(At(0), At(second));
        }
    }

    [Fact]
    public void Check_that_ended_long_after_its_deadline_says_that_this_process_slept()
    {
        var evidence = new UpstreamEvidence(UpstreamCheck.Default, At(0));
        evidence.Proven(At(0));
        Assert.False(evidence.CheckFailed(At(3), At(9), "no answer"));
        Assert.Equal(LampState.On, evidence.Judge(At(9)).State);
        Assert.True(evidence.CheckFailed(At(9), At(11), "no answer"));
        Assert.Equal(LampState.Off, evidence.Judge(At(11)).State);
    }

    [Fact]
    public void Without_checks_streams_alone_are_evidence_for_a_while()
    {
        var evidence = new UpstreamEvidence(Disabled, At(0));
        Assert.Null(evidence.DueAt(0));
        Assert.Contains("upstream_check is off", evidence.Judge(At(0)).Reason, StringComparison.Ordinal);
        evidence.Proven(At(1));
        Assert.Equal(LampState.On, evidence.Judge(At(31)).State);
        Assert.Equal(LampState.Unknown, evidence.Judge(At(31.1)).State);
        evidence.Failed(At(40), At(40), "refused");
        Assert.Equal(LampState.Off, evidence.Judge(At(70)).State);
        Assert.Equal(LampState.Unknown, evidence.Judge(At(70.1)).State);
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
