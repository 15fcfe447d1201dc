using System.Globalization;
using Connector.Server.Store;
using Microsoft.AspNetCore.Http;

namespace Connector.Server.Api;

/// <summary>Reads page and page_size.</summary>
internal static class PageQuery
{
    public const int DefaultSize = 100;
    public const int MaxSize = 1_000;

    public static PageRequest Read(IQueryCollection query)
        => new(Read(query, "page", 1, int.MaxValue), Read(query, "page_size", DefaultSize, MaxSize));

    /// <summary>Null when it is absent or empty.</summary>
    public static string? Filter(IQueryCollection query, string name) => query[name] is [{ Length: > 0 } value, ..] ? value : null;

    private static int Read(IQueryCollection query, string name, int otherwise, int max)
    {
        if (Filter(query, name) is not { } text)
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= max
            ? number
            : throw ApiError.Invalid($"{name}: expected a whole number from 1 to {max}, got \"{text}\"");
    }
}
