using Connector.Server.Edge.Links;

namespace Connector.Tests.Server.Edge.Links;

[Trait("kind", Kinds.Pure)]
public sealed class LinkChangesTests
{
    private readonly LinkChanges changes = new();
    private int signals;

    [Fact]
    public void Many_marks_make_one_signal_until_they_are_drained()
    {
        changes.OnMarked(() => signals++);
        changes.Mark(EdgeSamples.ConnectorA);
        changes.Mark(EdgeSamples.ConnectorA);
        changes.Mark(EdgeSamples.ConnectorB);
        Assert.Equal(1, signals);
        Assert.Equal(2, changes.Drain().Count);
        changes.Mark(EdgeSamples.ConnectorA);
        Assert.Equal(2, signals);
        Assert.Equal([EdgeSamples.ConnectorA], changes.Drain());
    }

    [Fact]
    public void Mark_before_anybody_listens_is_signalled_later()
    {
        changes.Mark(EdgeSamples.ConnectorA);
        changes.OnMarked(() => signals++);
        Assert.Equal(1, signals);
    }
}
