using System.Globalization;

namespace Connector.Actors.Registration;

/// <summary>Times as a record of draining says them: whole seconds, minutes and hours.</summary>
internal static class DrainTimes
{
    public static string Words(TimeSpan time)
        => time < TimeSpan.FromMinutes(1) ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s")
            : time < TimeSpan.FromHours(1) ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds} s")
            : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min");
}
