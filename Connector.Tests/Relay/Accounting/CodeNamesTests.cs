using Connector.Relay.Accounting;
using Connector.Relay.Frames;

namespace Connector.Tests.Relay.Accounting;

[Trait("kind", Kinds.Pure)]
public sealed class CodeNamesTests
{
    [Fact]
    public void Refusals_are_called_as_the_protocol_calls_them()
        => Assert.Equal(
            ["no_socket", "upstream_refused", "upstream_timeout", "unreachable", "forbidden", "busy", "draining", "stale"],
            Enum.GetValues<RefusalCode>().Select(static code => CodeNames.Of(code)));

    [Fact]
    public void Number_that_nobody_knows_has_the_name_for_such()
        => Assert.Equal(("unknown", "other"), (CodeNames.Of((RefusalCode)999), CodeNames.Of((RefusalCode)999, "other")));
}
