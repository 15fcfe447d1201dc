using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Connector.Tests.Plugins.Aws;

/// <summary>All services of AWS at one address of loopback, each in its own protocol.</summary>
internal sealed partial class AwsStub : IAsyncDisposable
{
    public const string Account = "123456789012";

    private readonly WebApplication server;
    private readonly ConcurrentDictionary<string, Func<AwsQuestion, AwsAnswer>> answers = new();
    private readonly ConcurrentQueue<AwsQuestion> asked = new();
    private readonly TaskCompletionSource silent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource ended = new();

    private AwsStub()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.Run(AnswerAsync);
        On("sts", "GetCallerIdentity", _ => Identity(Account));
    }

    public string Url => server.Urls.Single();

    public int Port => new Uri(Url).Port;

    /// <summary>Done once a question was met with silence.</summary>
    public Task Silent => silent.Task;

    public IReadOnlyList<AwsQuestion> Asked => [.. asked];

    public static async Task<AwsStub> StartAsync()
    {
        var stub = new AwsStub();
        await stub.server.StartAsync(TestContext.Current.CancellationToken);
        return stub;
    }

    public static AwsAnswer Identity(string account) => AwsAnswer.Xml(
        $"""
        <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
        <Arn>arn:aws:iam::{account}:user/reader</Arn><UserId>AIDAEXAMPLE</UserId><Account>{account}</Account>
        </GetCallerIdentityResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>
        """);

    /// <summary>The last one given for an operation holds.</summary>
    public AwsStub On(string service, string operation, Func<AwsQuestion, AwsAnswer> answer)
    {
        answers[$"{service} {operation}"] = answer;
        return this;
    }

    /// <summary>Refuses so many times, then goes on as before.</summary>
    public AwsStub Refuse(string service, string operation, int times, int status, string code, string message = "refused")
    {
        var usual = answers.GetValueOrDefault($"{service} {operation}");
        var left = times;
        return On(service, operation, question => Interlocked.Decrement(ref left) >= 0 ? AwsAnswer.Error(service, status, code, message) : usual!(question));
    }

    public IEnumerable<AwsQuestion> AskedOf(string service, string operation) => Asked.Where(one => one.Service == service && one.Operation == operation);

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await server.DisposeAsync();
        ended.Dispose();
    }

    private static async Task<AwsQuestion> ReadAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var scope = Scope().Match(context.Request.Headers.Authorization.ToString());
        var (service, region, key) = (scope.Groups["service"].Value, scope.Groups["region"].Value, scope.Groups["key"].Value);
        var path = context.Request.Path.Value ?? "";
        var token = context.Request.Headers["X-Amz-Security-Token"].FirstOrDefault();
        if (context.Request.Headers["X-Amz-Target"].FirstOrDefault() is { } target)
        {
            return new(service, target[(target.LastIndexOf('.') + 1)..], region, key, token, path, new Dictionary<string, string>(), JsonElement.Parse(body));
        }

        if (context.Request.HasFormContentType || body.Contains("Action=", StringComparison.Ordinal))
        {
            var form = body.Split('&').Select(pair => pair.Split('=', 2)).ToDictionary(pair => Uri.UnescapeDataString(pair[0]), pair => Uri.UnescapeDataString(pair[1].Replace('+', ' ')));
            // A web identity signs nothing; its token is all it has.
            return new(service is "" && form["Action"] == "AssumeRoleWithWebIdentity" ? "sts" : service, form["Action"], region, key, token, path, form, default);
        }

        var operation = path == "/clusters" ? "ListClusters" : path.StartsWith("/clusters/", StringComparison.Ordinal) ? "DescribeCluster" : "other";
        return new(service, operation, region, key, token, path, context.Request.Query.ToDictionary(one => one.Key, one => one.Value.ToString()), default);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var question = await ReadAsync(context);
        asked.Enqueue(question);
        var answer = answers.TryGetValue($"{question.Service} {question.Operation}", out var known)
            ? known(question)
            : AwsAnswer.Error(question.Service, 400, "InvalidAction", $"the stub knows no {question.Service} {question.Operation}");
        if (answer == AwsAnswer.Silence)
        {
            silent.TrySetResult();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ended.Token);
            await Task.Delay(Timeout.Infinite, either.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            context.Abort();
            return;
        }

        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        await context.Response.WriteAsync(answer.Body);
    }

    [GeneratedRegex(@"Credential=(?<key>[^/]+)/\d{8}/(?<region>[^/]+)/(?<service>[^/]+)/aws4_request, ?SignedHeaders=[^,]+, ?Signature=[0-9a-f]{64}$")]
    private static partial Regex Scope();
}
