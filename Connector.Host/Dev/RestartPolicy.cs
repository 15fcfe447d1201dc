using System.Globalization;

namespace Connector.Host.Dev;

/// <summary>When a child process that ended by itself is started again. One that cannot even begin is given up.</summary>
internal sealed class RestartPolicy
{
    public static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(2);

    private const int MostShortLives = 5;
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private int shortLives;

    public RestartDecision Ended(TimeSpan lived)
    {
        if (lived >= ShortLife)
        {
            shortLives = 0;
            return new RestartDecision.After(FirstWait);
        }

        shortLives++;
        if (shortLives >= MostShortLives)
        {
            return new RestartDecision.GiveUp(string.Create(
                CultureInfo.InvariantCulture, $"it ended within {ShortLife.TotalSeconds:0} s of its start {MostShortLives} times in a row"));
        }

        var wait = FirstWait * Math.Pow(2, shortLives);
        return new RestartDecision.After(wait < LongestWait ? wait : LongestWait);
    }
}
