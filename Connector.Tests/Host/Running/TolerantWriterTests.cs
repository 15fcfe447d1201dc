using System.Text;
using Connector.Host.Running;
using Xunit;

namespace Connector.Tests.Host.Running;

[Trait("kind", Kinds.Pure)]
public sealed class TolerantWriterTests
{
    [Fact]
    public async Task Failing_output_takes_the_words_and_nothing_else()
    {
        using var writer = new TolerantWriter(new BrokenWriter(new IOException("No space left on device")));

        writer.Write('a');
        writer.Write("text");
        writer.WriteLine("line");
        await writer.WriteAsync("text");
        await writer.WriteLineAsync("line");
        await writer.FlushAsync(TestContext.Current.CancellationToken);
        writer.Flush();
    }

    [Fact]
    public async Task Defect_is_not_hidden()
    {
        using var writer = new TolerantWriter(new BrokenWriter(new InvalidOperationException("a defect")));

        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.WriteLineAsync("line"));
    }

    [Fact]
    public async Task Words_arrive()
    {
        using var inner = new StringWriter();
        using var writer = new TolerantWriter(inner);

        await writer.WriteAsync("a");
        await writer.WriteLineAsync("b");
        writer.Write('c');

        Assert.Equal($"ab{Environment.NewLine}c", inner.ToString());
    }

    private sealed class BrokenWriter(Exception failure) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw failure;

        public override void Flush() => throw failure;
    }
}
