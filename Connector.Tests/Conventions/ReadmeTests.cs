using Xunit;

namespace Connector.Tests.Conventions;

[Trait("kind", Kinds.Pure)]
public sealed class ReadmeTests
{
    private static readonly string[] Readme = File.ReadAllLines(Path.Combine(SourceTree.Root, "README.md"));

    [Fact]
    public void Readme_and_ci_run_all_tests_by_the_same_command()
    {
        var ci = File.ReadAllLines(Path.Combine(SourceTree.Root, ".ci", "run"));

        Assert.Single(Readme, line => line == "dotnet test");
        Assert.Single(ci, line => line.StartsWith("dotnet test 2>&1 |", StringComparison.Ordinal));
    }

    [Fact]
    public void Readme_quick_run_names_exactly_the_kinds_without_services_and_processes()
    {
        var command = Assert.Single(Readme, line => line.StartsWith("dotnet test -- ", StringComparison.Ordinal));

        Assert.Equal($"dotnet test -- {string.Join(' ', ((string[])[Kinds.Pure, Kinds.Actor, Kinds.Stream]).Select(kind => $"--filter-trait \"kind={kind}\""))}", command);
    }

    [Fact]
    public void Links_in_documentation_lead_to_files()
    {
        var documents = Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(SourceTree.Root, "README.md"));
        var broken = documents.SelectMany(document => System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(document), @"\]\((?!https?:)([^)#]+)")
            .Select(match => Path.Combine(Path.GetDirectoryName(document)!, match.Groups[1].Value))
            .Where(target => !File.Exists(target))
            .Select(target => $"{document}: {target}"));

        Assert.Empty(broken);
    }
}
