using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace Connector.Tests.Conventions;

[Trait("kind", Kinds.Pure)]
public sealed class TestClassConventionTests
{
    /// <summary>Folders that mirror no project: they are about the whole.</summary>
    private static readonly string[] OwnFolders = ["Conventions", "Processes", "Services"];

    // What belongs to the relay as a whole: properties over all of it, and the wire in memory that its tests share.
    private static readonly string[] WholeOfRelay = ["Relay/Properties", "Relay/Wire"];

    private static readonly string[] Known =
        [.. typeof(Kinds).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!)];

    private static readonly Type[] TestClasses =
        [.. typeof(TestClassConventionTests).Assembly.GetTypes().Where(type => !type.IsAbstract && TestMethods(type).Any())];

    [Fact]
    public void Test_classes_each_carry_exactly_one_known_kind()
    {
        var wrong = TestClasses
            .Select(type => (type.FullName, Kinds: KindsOf(type)))
            .Where(entry => entry.Kinds.Length != 1 || !Known.Contains(entry.Kinds[0]))
            .Select(entry => $"{entry.FullName}: [{string.Join(", ", entry.Kinds)}]");

        Assert.NotEmpty(TestClasses);
        Assert.Empty(wrong);
    }

    [Fact]
    public void Test_methods_are_never_skipped_statically()
    {
        var skipped = TestClasses
            .SelectMany(TestMethods)
            .Where(method => method.GetCustomAttributes().Any(SkipsStatically))
            .Select(method => $"{method.DeclaringType!.FullName}.{method.Name}");

        Assert.Empty(skipped);
    }

    [Fact]
    public void Test_methods_do_not_carry_a_kind_of_their_own()
    {
        // The quick run is chosen by the kind of the class; a method that says otherwise would be run, or left out, by surprise.
        var own = TestClasses
            .SelectMany(TestMethods)
            .Where(method => method.GetCustomAttributes<TraitAttribute>(inherit: false).Any(trait => trait.Name == "kind"))
            .Select(method => $"{method.DeclaringType!.FullName}.{method.Name}");

        Assert.Empty(own);
    }

    [Fact]
    public void Test_files_declare_the_namespace_of_their_folder()
    {
        var wrong = TestFiles()
            .Where(file => file.Namespace != ExpectedNamespace(file.Folder))
            .Select(file => $"{file.Path}: {file.Namespace}, not {ExpectedNamespace(file.Folder)}");

        Assert.Empty(wrong);
    }

    [Fact]
    public void Test_folders_mirror_the_source_tree()
    {
        var root = SourceTree.Root;
        var wrong = TestFiles()
            .Where(file => file.Folder.Length > 0 && !OwnFolders.Contains(file.Folder.Split('/')[0]) && !WholeOfRelay.Contains(file.Folder))
            .Where(file => !Directory.Exists(Path.Combine(root, $"Connector.{file.Folder}")))
            .Select(file => $"{file.Path}: there is no Connector.{file.Folder}");

        Assert.Empty(wrong.Distinct());
    }

    private static string[] KindsOf(Type type)
        => [.. type.GetCustomAttributes<TraitAttribute>(inherit: true).Where(trait => trait.Name == "kind").Select(trait => trait.Value)];

    private static IEnumerable<MethodInfo> TestMethods(Type type)
        => type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static)
            .Where(method => method.GetCustomAttributes().Any(attribute => attribute is FactAttribute));

    private static bool SkipsStatically(Attribute attribute)
        => attribute.GetType().GetProperty("Skip") is { } skip && skip.GetValue(attribute) is not null;

    private static string ExpectedNamespace(string folder)
        => folder.Length == 0 ? "Connector.Tests" : $"Connector.Tests.{folder.Replace('/', '.')}";

    private static IEnumerable<(string Path, string Folder, string Namespace)> TestFiles()
    {
        var tests = Path.Combine(SourceTree.Root, "Connector.Tests");
        return Directory.EnumerateFiles(tests, "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(tests, path).Replace('\\', '/'))
            .Where(path => !path.StartsWith("bin/", StringComparison.Ordinal) && !path.StartsWith("obj/", StringComparison.Ordinal))
            .Select(path => (
                path,
                Path.GetDirectoryName(path)!.Replace('\\', '/'),
                Regex.Match(File.ReadAllText(Path.Combine(tests, path)), @"^namespace ([\w.]+);", RegexOptions.Multiline).Groups[1].Value));
    }
}
