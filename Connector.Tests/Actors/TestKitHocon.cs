namespace Connector.Tests.Actors;

/// <summary>What the actor systems of tests have in common.</summary>
internal static class TestKitHocon
{
    /// <summary>How long is waited for what must happen, in real time: a slow machine is not a defect.</summary>
    public const string Patient =
        """
        akka.test {
          startup-timeout = 60s
          default-timeout = 60s
          single-expect-default = 60s
          filter-leeway = 60s
        }

        """;
}
