namespace Connector.Server.Api;

/// <summary>Names of connectors and sockets: they are parts of paths and host names.</summary>
internal static class Names
{
    public const int MaxLength = 63;

    public static string Require(string field, string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            throw ApiError.Invalid($"{field}: a name is needed (lower-case letters, digits and dashes, at most {MaxLength})");
        }

        if (name.Length > MaxLength || name[0] == '-' || name[^1] == '-'
            || !name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'))
        {
            throw ApiError.Invalid(
                $"{field}: \"{(name.Length > MaxLength ? name[..MaxLength] + "..." : name)}\" is not a name; use lower-case letters, digits and dashes "
                + $"(no dash at either end), at most {MaxLength}");
        }

        return Guid.TryParse(name, out _)
            ? throw ApiError.Invalid($"{field}: \"{name}\" looks like an id; choose a name that does not")
            : name;
    }
}
