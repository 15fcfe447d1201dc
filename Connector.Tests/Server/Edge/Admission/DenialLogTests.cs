using System.Net;
using Connector.Server.Edge.Admission;

namespace Connector.Tests.Server.Edge.Admission;

[Trait("kind", Kinds.Pure)]
public sealed class DenialLogTests
{
    private static readonly IPAddress One = IPAddress.Parse("1.1.1.1");
    private static readonly IPAddress Two = IPAddress.Parse("2.2.2.2");
    private readonly DenialLog log = new();

    [Fact]
    public void First_denial_is_recorded_and_the_next_ones_are_counted()
    {
        Assert.True(log.Note(One, AdmissionVerdict.NotPublic));
        Assert.False(log.Note(One, AdmissionVerdict.NotPublic));
        Assert.False(log.Note(Two, AdmissionVerdict.AddressNotAllowed));
        Assert.Equal(new DenialLog.Summary(2, Two, AdmissionVerdict.AddressNotAllowed), log.Flush());
    }

    [Fact]
    public void Denials_after_a_summary_are_counted_until_a_window_without_any()
    {
        log.Note(One, AdmissionVerdict.NotPublic);
        log.Note(One, AdmissionVerdict.NotPublic);
        Assert.NotNull(log.Flush());
        Assert.False(log.Note(One, AdmissionVerdict.NotPublic));
        Assert.Equal(1, log.Flush()!.Count);
        Assert.Null(log.Flush());
        Assert.True(log.Note(One, AdmissionVerdict.NotPublic));
    }

    [Fact]
    public void Single_denial_leaves_no_summary()
    {
        log.Note(One, AdmissionVerdict.NotPublic);
        Assert.Null(log.Flush());
    }
}
