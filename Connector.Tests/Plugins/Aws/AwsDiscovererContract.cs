using Connector.Plugins;

namespace Connector.Tests.Plugins.Aws;

/// <summary>The contract, with all of AWS behind one stub.</summary>
public abstract class AwsDiscovererContract : DiscovererContract
{
    private protected abstract string Service { get; }

    /// <summary>The operation that lists.</summary>
    private protected abstract string Operation { get; }

    private protected abstract IDiscoverer Create(string url);

    /// <summary>Answers with one resource for each of the texts.</summary>
    private protected abstract void Fill(AwsStub stub, IReadOnlyList<string> texts);

    /// <summary>What the protocol can say.</summary>
    private protected virtual IReadOnlyList<string> Hostile => HostileTexts.All;

    private protected override async Task<SourceInTest> AnsweringAsync() => await OfAsync(["first", "second", "third"]);

    private protected override async Task<SourceInTest> HostileAsync() => await OfAsync(Hostile);

    private protected override async Task<SourceInTest> SilentAsync()
    {
        var stub = await AwsStub.StartAsync();
        stub.On(Service, Operation, _ => AwsAnswer.Silence);
        return new SourceInTest(Create(stub.Url), stub.Silent, stub);
    }

    private protected override Task<SourceInTest> UnreachableAsync()
    {
        var refusing = AwsInTest.Refusing(out var url);
        return Task.FromResult(new SourceInTest(Create(url), Task.CompletedTask, new Held(refusing)));
    }

    private async Task<SourceInTest> OfAsync(IReadOnlyList<string> texts)
    {
        var stub = await AwsStub.StartAsync();
        Fill(stub, texts);
        return new SourceInTest(Create(stub.Url), Task.CompletedTask, stub);
    }

    private sealed class Held(IDisposable what) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            what.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
