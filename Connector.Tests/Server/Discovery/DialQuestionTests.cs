using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Discovery;
using Xunit;

namespace Connector.Tests.Server.Discovery;

[Trait("kind", Kinds.Pure)]
public sealed class DialQuestionTests
{
    private static readonly DiscoveryKey Key = new(new PluginId("p"), "d");

    [Fact]
    public void Questions_go_round_all_that_waits()
    {
        var toDial = Resources(500, 10);
        var asked = new List<string>();
        var next = 0;
        foreach (var count in new[] { 200, 200, 200 })
        {
            var question = DialQuestion.Of(Key, toDial, next, out next);
            Assert.Equal((count, "p", "d"), (question.Resources.Count, question.PluginId, question.DiscoveryId));
            asked.AddRange(question.Resources.Select(static resource => resource.Fields["n"].StringValue));
        }

        Assert.Equal(500, asked.Distinct().Count());
        Assert.Equal(100, next);
    }

    [Fact]
    public void Question_fits_into_a_message_and_one_large_resource_goes_alone()
    {
        Assert.Equal(2, DialQuestion.Of(Key, Resources(10, 400_000), 0, out var next).Resources.Count);
        Assert.Equal(2, next);
        Assert.Single(DialQuestion.Of(Key, Resources(10, 2_000_000), 0, out next).Resources);
        Assert.Equal(1, next);
    }

    [Fact]
    public void Resource_that_would_end_the_session_is_passed_over()
    {
        Assert.Empty(DialQuestion.Of(Key, Resources(2, 4_000_000), 0, out _).Resources);
        Assert.Single(DialQuestion.Of(Key, [.. Resources(1, 4_000_000), .. Resources(1, 10)], 7, out _).Resources);
    }

    private static ImmutableArray<KnownResource> Resources(int count, int length)
        => [.. Enumerable.Range(0, count).Select(i => new KnownResource(
            $"i{i}", "t", "n", $$"""{"n":"{{i}}","text":"{{new string('x', length)}}"}""", Found.Noon, Found.Noon, Found.Noon, 3, false))];
}
