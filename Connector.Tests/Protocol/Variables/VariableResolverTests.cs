using Connector.Protocol.Variables;
using Xunit;

namespace Connector.Tests.Protocol.Variables;

[Trait("kind", Kinds.Pure)]
public sealed class VariableResolverTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("variables-").FullName;

    private VariableResolver Resolver => new(name => name switch { "SET" => "value", "EMPTY" => "", _ => null }, home);

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("from:env:SET", "value")]
    [InlineData(@"\from:env:SET", "from:env:SET")]
    [InlineData(@"\\from:env:SET", @"\\from:env:SET")]
    [InlineData("From:env:SET", "From:env:SET")]
    public void Text_resolves(string text, string expected) => Assert.Equal(expected, Resolver.Resolve(text));

    [Theory]
    [InlineData("from:env:UNSET", "UNSET is not set or empty")]
    [InlineData("from:env:EMPTY", "EMPTY is not set or empty")]
    [InlineData("from:env:", "names nothing")]
    [InlineData("from:file", "names nothing")]
    [InlineData("from:aws:ssm:/name", "not supported in this build")]
    [InlineData("from:aws:secretsmanager:id,aws_region=eu-west-1", "not supported in this build")]
    [InlineData("from:vault:x", "unknown")]
    [InlineData("from:file:/nowhere/at/all", "no such file")]
    public void Reference_that_cannot_be_resolved_names_itself_and_why(string text, string why)
    {
        var failure = Assert.Throws<VariableReferenceException>(() => Resolver.Resolve(text));

        Assert.StartsWith(text, failure.Message);
        Assert.Contains(why, failure.Message);
    }

    [Theory]
    [InlineData("secret", "secret")]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\n\n", "secret\n")]
    [InlineData("secret\r\n", "secret")]
    [InlineData(" secret ", " secret ")]
    public void File_loses_one_trailing_newline(string content, string expected)
    {
        File.WriteAllText(Path.Combine(home, "token"), content);

        Assert.Equal(expected, Resolver.Resolve("from:file:~/token"));
        Assert.Equal(expected, Resolver.Resolve("from:file:" + Path.Combine(home, "token")));
        Assert.Equal(Path.Combine(home, "token"), Resolver.PathOf("from:file:~/token"));
    }

    [Fact]
    public void File_that_is_far_too_large_is_refused()
    {
        File.WriteAllBytes(Path.Combine(home, "large"), new byte[2 * 1024 * 1024]);

        Assert.Contains("larger", Assert.Throws<VariableReferenceException>(() => Resolver.Resolve("from:file:~/large")).Message);
    }

    [Fact]
    public void Values_of_references_are_hidden_and_nothing_else()
    {
        File.WriteAllText(Path.Combine(home, "kept"), "hunter2");
        File.WriteAllText(Path.Combine(home, "short"), "abc");

        Assert.Equal(
            "from:file:~/kept and from:file:~/kept, abc, literal",
            Resolver.Hide("HUNTER2 and hunter2, abc, literal", "from:file:~/kept", "from:file:~/short", "literal", null, "from:file:~/nowhere"));
    }

    [Fact]
    public void Literal_is_not_printed() => Assert.DoesNotContain("hunter2", VariableReference.Parse("hunter2").ToString());
}
