namespace Connector.Protocol.Variables;

/// <summary>A text of the configuration that stands for a value kept elsewhere.</summary>
public abstract record VariableReference
{
    private const string Prefix = "from:";

    private VariableReference()
    {
    }

    /// <summary>No reference at all. Not printed: it may be a secret.</summary>
    public sealed record Literal(string Value) : VariableReference
    {
        public override string ToString() => "(literal)";
    }

    /// <summary><c>from:env:NAME</c>.</summary>
    public sealed record Environment(string Name) : VariableReference
    {
        public override string ToString() => $"from:env:{Name}";
    }

    /// <summary><c>from:file:PATH</c>; a leading ~/ is the home directory.</summary>
    public sealed record File(string Path) : VariableReference
    {
        public override string ToString() => $"from:file:{Path}";
    }

    /// <summary>A reference that this build cannot resolve.</summary>
    public sealed record Unsupported(string Text, string Reason) : VariableReference
    {
        public override string ToString() => Text;
    }

    /// <summary>Never fails; <c>\from:...</c> is the literal text <c>from:...</c>.</summary>
    public static VariableReference Parse(string text)
    {
        if (text.StartsWith(@"\" + Prefix, StringComparison.Ordinal))
        {
            return new Literal(text[1..]);
        }

        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return new Literal(text);
        }

        var rest = text[Prefix.Length..];
        return rest.Split(':', 2) switch
        {
            ["env", { Length: > 0 } name] => new Environment(name),
            ["file", { Length: > 0 } path] => new File(path),
            ["env" or "file", _] or ["env" or "file"] => new Unsupported(text, "it names nothing; write from:env:NAME or from:file:PATH"),
            ["aws", _] => new Unsupported(text, "secrets of AWS are not supported in this build; use from:env:NAME or from:file:PATH"),
            _ => new Unsupported(text, @"this kind of reference is unknown; use from:env:NAME or from:file:PATH, or \from:... for the literal text"),
        };
    }
}
