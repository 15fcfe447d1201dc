using Connector.Host.Errors;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Connector.Host.Configuration;

/// <summary>A YAML file with one mapping.</summary>
internal static class ConfigurationFile
{
    private const int MaximumSize = 256 * 1024;
    private const int MaximumNamed = 20;

    /// <summary>Reads the whole file through <paramref name="read"/>, which asks for every key it knows.</summary>
    /// <exception cref="ConnectorError">All problems of the file, each with its line.</exception>
    public static T Read<T>(string path, Func<YamlSection, T> read)
    {
        var problems = new List<ConfigurationProblem>();
        var section = new YamlSection(Parse(path), "", problems);
        var value = read(section);
        section.RefuseUnknownKeys();
        ThrowIfAny(path, problems);
        return value;
    }

    /// <summary>The keys of the outermost mapping.</summary>
    public static IReadOnlyCollection<string> Keys(string path)
        => Parse(path)?.Children.Keys.OfType<YamlScalarNode>().Select(key => key.Value ?? "").ToArray() ?? [];

    /// <param name="most">Bytes.</param>
    /// <exception cref="ConnectorError">It cannot be read, or is longer.</exception>
    public static string Text(string path, int most)
    {
        try
        {
            return new FileInfo(path) is { Exists: true } file && file.Length > most
                ? throw new ConnectorError($"Cannot use the configuration {path}", $"it is larger than {most} bytes", "Is it the right file?")
                : File.ReadAllText(path);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.ToError($"Cannot read the configuration {path}", failure, path, reading: true);
        }
    }

    private static void ThrowIfAny(string path, List<ConfigurationProblem> problems)
    {
        if (problems.Count > 0)
        {
            var lines = problems.OrderBy(problem => problem.Line).Take(MaximumNamed).Select(problem => $"line {problem.Line}: {problem.Text}");
            throw new ConnectorError(
                $"Cannot use the configuration {path}", string.Join("; ", lines).TrimEnd('.'), $"Correct the file; \"connector config check {path}\" checks it");
        }
    }

    /// <summary>Null for an empty file.</summary>
    private static YamlMappingNode? Parse(string path)
    {
        var text = Text(path, MaximumSize);
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents.Count switch
            {
                0 => null,
                1 => stream.Documents[0].RootNode switch
                {
                    YamlMappingNode mapping => mapping,
                    YamlScalarNode { Value: null or "" } => null,
                    var other => throw Broken(path, other.Start.Line, "expected keys with values"),
                },
                _ => throw Broken(path, stream.Documents[1].RootNode.Start.Line, "a second document begins; one is expected"),
            };
        }
        catch (YamlException failure)
        {
            throw Broken(path, failure.Start.Line, failure.Message.ReplaceLineEndings(" ").TrimEnd('.'), failure);
        }
    }

    private static ConnectorError Broken(string path, long line, string why, Exception? inner = null)
        => new($"Cannot use the configuration {path}", $"line {line}: {why}", "Correct the file", inner: inner);
}
