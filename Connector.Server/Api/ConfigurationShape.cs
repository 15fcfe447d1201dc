namespace Connector.Server.Api;

/// <summary>Which keys an object may have. Written as <c>key, key{...}, key[{...}]</c>; a key without braces may hold anything.</summary>
internal sealed class ConfigurationShape
{
    private readonly Dictionary<string, ConfigurationShape?> keys = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Keys => keys.Keys;

    public static ConfigurationShape Parse(string notation)
    {
        var position = 0;
        return Parse(notation, ref position);
    }

    /// <param name="child">Shape of the objects below the key; null when anything may be there.</param>
    public bool Knows(string key, out ConfigurationShape? child) => keys.TryGetValue(key, out child);

    /// <summary>The known key that was probably meant; null when none is near.</summary>
    public string? Nearest(string key)
        => keys.Keys.Select(known => (known, Distance: Distance(key, known))).Where(entry => entry.Distance <= Math.Max(2, key.Length / 4))
            .OrderBy(entry => entry.Distance).Select(entry => entry.known).FirstOrDefault();

    private static ConfigurationShape Parse(string notation, ref int position)
    {
        var shape = new ConfigurationShape();
        while (position < notation.Length && notation[position] != '}')
        {
            var start = position;
            while (position < notation.Length && notation[position] is not (',' or '{' or '}' or '['))
            {
                position++;
            }

            var key = notation[start..position].Trim();
            ConfigurationShape? child = null;
            if (position < notation.Length && notation[position] is '{' or '[')
            {
                var list = notation[position] == '[';
                position += list ? 2 : 1;
                child = Parse(notation, ref position);
                position += list ? 2 : 1;
            }

            shape.keys.Add(key, child);
            if (position < notation.Length && notation[position] == ',')
            {
                position++;
            }
        }

        return shape;
    }

    /// <summary>Levenshtein, for keys of which both are short.</summary>
    private static int Distance(string left, string right)
    {
        if (left.Length > 100)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var cost = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(cost, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
