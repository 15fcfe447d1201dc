using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Connector.Benchmarks.Trials.Diagnostics;

/// <summary>
/// Finds published values in a raw trace. Each event of a time series carries, as UTF-16 with a zero at the end: session, meter, version, instrument, unit, tags, rate or last value,
/// and for counters the value. The session is a name of our own, so that nothing else in the trace looks like it.
/// </summary>
internal static class MeterValues
{
    public static IReadOnlyCollection<MeterValue> Read(byte[] trace, string session)
    {
        var needle = Encoding.Unicode.GetBytes(session + '\0');
        var found = new Dictionary<(string, string), MeterValue>();
        for (var at = trace.AsSpan().IndexOf(needle); at >= 0;)
        {
            var place = at + needle.Length;
            var fields = new string[7];
            for (var i = 0; i < fields.Length; i++)
            {
                fields[i] = Text(trace, ref place);
            }

            var (instrument, tags, rate) = (fields[2], fields[4], fields[5]);
            var text = Number(fields[6]) is null ? rate : fields[6];
            if (instrument.Length > 0 && Number(text) is { } value)
            {
                found[(instrument, tags)] = new MeterValue(instrument, tags, value);
            }

            var next = trace.AsSpan(at + needle.Length).IndexOf(needle);
            at = next < 0 ? -1 : at + needle.Length + next;
        }

        return found.Values;
    }

    private static double? Number(string text)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(byte[] trace, ref int place)
    {
        var rest = MemoryMarshal.Cast<byte, char>(trace.AsSpan(Math.Min(place, trace.Length)));
        var length = rest.IndexOf('\0');
        var text = length < 0 ? "" : rest[..length].ToString();
        place += (text.Length + 1) * sizeof(char);
        return text;
    }
}
