using System.Diagnostics;

namespace Connector.Tests;

/// <summary>Waits for a state that other threads bring about. The deadline is generous: a slow machine is not a defect.</summary>
public static class Eventually
{
    public static async Task IsTrue(Func<bool> condition, string what, TimeSpan? within = null)
    {
        var limit = within ?? TimeSpan.FromSeconds(30);
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < limit, $"after {limit.TotalSeconds:0} s it was still not so that {what}");
            await Task.Delay(10);
        }
    }
}
