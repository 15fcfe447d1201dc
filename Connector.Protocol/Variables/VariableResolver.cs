using System.Text;

namespace Connector.Protocol.Variables;

/// <summary>Resolves references against an environment and the file system.</summary>
/// <param name="environment">Value of an environment variable, or null.</param>
/// <param name="home">What ~ stands for.</param>
public sealed class VariableResolver(Func<string, string?> environment, string home)
{
    // A value goes into memory whole.
    private const int MaximumFileSize = 1024 * 1024;

    // A shorter value is no secret, and a message without it could not be read.
    private const int ShortestHidden = 4;

    /// <summary>Over this process's environment and home directory.</summary>
    public static VariableResolver OfProcess { get; } = new(
        Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <exception cref="VariableReferenceException">Says what is missing and what to do.</exception>
    public string Resolve(string text) => VariableReference.Parse(text) switch
    {
        VariableReference.Literal literal => literal.Value,
        VariableReference.Environment variable => environment(variable.Name) is { Length: > 0 } value
            ? value
            : throw new VariableReferenceException($"{variable}: the environment variable {variable.Name} is not set or empty; set it, or change the reference"),
        VariableReference.File file => Read(file),
        VariableReference.Unsupported unsupported => throw new VariableReferenceException($"{unsupported}: {unsupported.Reason}"),
        _ => throw new InvalidOperationException("a kind of reference without a resolver"),
    };

    /// <summary>The message with each value that one of these texts refers to replaced by the reference: values stay here, whoever repeats them.</summary>
    /// <param name="texts">As configured. Literals, which are no secret of this machine, and references that lead nowhere stand for nothing.</param>
    public string Hide(string message, params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts)
        {
            if (text is null || VariableReference.Parse(text) is VariableReference.Literal)
            {
                continue;
            }

            try
            {
                message = Resolve(text) is { Length: >= ShortestHidden } value ? message.Replace(value, text, StringComparison.OrdinalIgnoreCase) : message;
            }
            catch (VariableReferenceException)
            {
                // Nothing was read.
            }
        }

        return message;
    }

    /// <summary>The file of a <c>from:file:</c> reference, else null.</summary>
    public string? PathOf(string text) => VariableReference.Parse(text) is VariableReference.File file ? Expand(file.Path) : null;

    private string Expand(string path) => path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(home, path[2..]) : path;

    private string Read(VariableReference.File file)
    {
        var path = Expand(file.Path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[MaximumFileSize + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MaximumFileSize)
            {
                throw new VariableReferenceException($"{file}: {path} is larger than {MaximumFileSize} bytes; is it the right file?");
            }

            var text = Encoding.UTF8.GetString(bytes, 0, length).TrimStart('\uFEFF');
            // One trailing newline belongs to the file, not to the value.
            return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            var why = failure switch
            {
                FileNotFoundException or DirectoryNotFoundException => "there is no such file",
                UnauthorizedAccessException => "this user may not read it",
                _ => failure.Message,
            };
            throw new VariableReferenceException($"{file}: cannot read {path}: {why}; create it, or change the reference", failure);
        }
    }
}
