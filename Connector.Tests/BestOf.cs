using Xunit;

namespace Connector.Tests;

/// <summary>For promises in seconds, which a machine that is held up for a moment breaks too: what is wrong with the code is wrong each time.</summary>
internal static class BestOf
{
    private const int Tries = 3;

    /// <param name="tryOnce">From the beginning. What was broken; null when nothing was.</param>
    public static async Task ThreeAsync(Func<Task<string?>> tryOnce)
    {
        for (var i = 1; await tryOnce() is { } broken; i++)
        {
            Assert.True(i < Tries, $"{Tries} times in a row, at last: {broken}");
            TestContext.Current.SendDiagnosticMessage($"tried again: {broken}");
        }
    }
}
