namespace Connector.Tests.Processes;

/// <summary>A running <c>connector server --roles edge</c>.</summary>
internal sealed record EdgeProcess(ChildProcess Process, Uri Health, int TunnelPort)
{
    /// <summary>Status and text of /readyz.</summary>
    public async Task<(int Status, string Text)> ReadyAsync(CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = Health, Timeout = TimeSpan.FromSeconds(30) };
        using var answer = await client.GetAsync(new Uri("readyz", UriKind.Relative), cancellation);
        return ((int)answer.StatusCode, (await answer.Content.ReadAsStringAsync(cancellation)).Trim());
    }

    public async Task<string> TextAsync(string path, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = Health, Timeout = TimeSpan.FromSeconds(30) };
        return await client.GetStringAsync(new Uri(path, UriKind.Relative), cancellation);
    }

    public Task IsReadyAsync(CancellationToken cancellation) => Eventually.IsTrueAsync(
        async () => await ReadyAsync(cancellation) == (200, "ready"), "the edge says that it is ready, and no more", cancellation);

    public Task SaysAsync(string ready, CancellationToken cancellation) => Eventually.IsTrueAsync(
        async () => (await ReadyAsync(cancellation)).Text.Contains(ready, StringComparison.Ordinal), $"the edge says \"{ready}\"", cancellation);
}
