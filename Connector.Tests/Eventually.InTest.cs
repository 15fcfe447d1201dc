namespace Connector.Tests;

/// <summary>Apart from the rest, which programs without a test framework use as well.</summary>
internal static partial class Eventually
{
    public static Task IsTrue(Func<bool> condition, string what) => IsTrueAsync(condition, what, TestContext.Current.CancellationToken);
}
