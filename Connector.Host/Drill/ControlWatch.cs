using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Connector.Host.Drill;

/// <summary>Looks again and again how the control plane sees the connector.</summary>
internal sealed class ControlWatch : IAsyncDisposable
{
    private const int MaximumAnswer = 4 * 1024 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient http;
    private readonly DrillLedger ledger;
    private readonly string path;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task watching;

    public ControlWatch(Uri api, string adminToken, string connectorId, DrillLedger ledger)
    {
        this.ledger = ledger;
        http = new HttpClient { BaseAddress = new Uri(api.AbsoluteUri.TrimEnd('/') + "/"), Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = MaximumAnswer };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", adminToken);
        path = $"connector/{Uri.EscapeDataString(connectorId)}";
        watching = Task.Run(WatchAsync);
    }

    /// <summary>Ends with the first look, whatever was seen.</summary>
    public Task Looked => looked.Task;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync().ConfigureAwait(false);
        await watching.ConfigureAwait(false);
        http.Dispose();
        stopping.Dispose();
    }

    private async Task WatchAsync()
    {
        using var clock = new PeriodicTimer(Interval);
        try
        {
            while (true)
            {
                await LookAsync().ConfigureAwait(false);
                looked.TrySetResult();
                await clock.WaitForNextTickAsync(stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The drill ends.
        }
    }

    private async Task LookAsync()
    {
        try
        {
            var at = ledger.Now;
            if (ControlSample.Read(at, JsonNode.Parse(await http.GetStringAsync(path, stopping.Token).ConfigureAwait(false))) is { } sample)
            {
                ledger.Saw(sample);
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException || (failure is TaskCanceledException && !stopping.IsCancellationRequested))
        {
            // Looked at again in a moment; what was not seen is not judged.
        }
    }
}
