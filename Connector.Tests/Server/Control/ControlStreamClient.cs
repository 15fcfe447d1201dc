using System.Buffers.Text;
using System.Security.Cryptography;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Tests.Server.Hosting;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;
using RequestType = Connector.Protocol.Control.Wire.ControlStreamRequest;
using ResponseCase = Connector.Protocol.Control.Wire.ControlStreamResponse.RequestTypeOneofCase;

namespace Connector.Tests.Server.Control;

/// <summary>A control stream from the client's side: like the public client, or with hello.</summary>
internal sealed class ControlStreamClient : IAsyncDisposable
{
    public const string AllFeatures = "hello,hello_ack,challenge,logs,logs_ack,socket_status,plugin_status,tickets,edges,config_version,discovery";

    private readonly GrpcChannel channel;
    private readonly AsyncDuplexStreamingCall<RequestType, ControlStreamResponse> call;
    private readonly CancellationTokenSource deadline = new(ControlPlaneFixture.Patience);

    private ControlStreamClient(ControlPlaneFixture server, Metadata headers)
    {
        channel = server.Channel();
        call = new ConnectorService.ConnectorServiceClient(channel).ControlStream(headers, cancellationToken: CancellationToken.None);
    }

    /// <summary>As the public client of 2024 does: a token, no features, nothing said first.</summary>
    public static ControlStreamClient OpenPublic(ControlPlaneFixture server, string? token = null, string? connectorId = null)
    {
        var headers = new Metadata { { "token", token ?? server.Token() } };
        if (connectorId is not null)
        {
            headers.Add("connector_id", connectorId);
        }

        return new ControlStreamClient(server, headers);
    }

    /// <summary>Announces our features and says nothing yet.</summary>
    public static ControlStreamClient OpenSilent(ControlPlaneFixture server, string? token = null)
        => new(server, new Metadata { { "token", token ?? server.Token() }, { "x-connector-features", AllFeatures } });

    /// <summary>Announces our features and says hello.</summary>
    public static async Task<ControlStreamClient> OpenAsync(ControlPlaneFixture server, ECDsa key, BootId boot, string? token = null, GroupBootId? group = null)
    {
        var client = OpenSilent(server, token);
        await client.SendAsync(Hello(key, boot, await client.NonceAsync(), group: group));
        return client;
    }

    public static RequestType Hello(ECDsa key, BootId boot, byte[] nonce, string? connectorId = null, GroupBootId? group = null)
    {
        var body = new HelloBody
        {
            ConnectorId = connectorId ?? ControlPlaneFixture.ConnectorId.Value,
            Version = "1.0",
            Self = Member(key, boot),
            GroupBootId = group is { } id ? ByteString.CopyFrom(id.ToArray()) : ByteString.Empty,
        }.ToByteArray();
        var signature = key.SignData([.. nonce, .. body], HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return new RequestType { Hello = new Hello { Body = ByteString.CopyFrom(body), Signature = ByteString.CopyFrom(signature) } };
    }

    public static GroupMember Member(ECDsa key, BootId boot) => new()
    {
        ReplicaId = ReplicaIdOf(key), BootId = ByteString.CopyFrom(boot.ToArray()), PublicKey = ByteString.CopyFrom(key.ExportSubjectPublicKeyInfo()),
    };

    public static string ReplicaIdOf(ECDsa key) => $"replica {KeyThumbprint.Of(key.ExportSubjectPublicKeyInfo())}";

    public async Task<byte[]> NonceAsync()
        => Base64Url.DecodeFromChars((await call.ResponseHeadersAsync.WaitAsync(deadline.Token)).GetValue("x-connector-nonce"));

    public Task SendAsync(RequestType message) => call.RequestStream.WriteAsync(message, deadline.Token);

    public Task CompleteAsync() => call.RequestStream.CompleteAsync();

    /// <summary>The next message; it must be of this kind.</summary>
    public async Task<ControlStreamResponse> ExpectAsync(ResponseCase kind)
    {
        Assert.True(await call.ResponseStream.MoveNext(deadline.Token), $"the stream ended before {kind}");
        Assert.Equal(kind, call.ResponseStream.Current.RequestTypeCase);
        return call.ResponseStream.Current;
    }

    /// <summary>Answers challenges until a message of this kind comes.</summary>
    public async Task AnswerChallengesUntilAsync(ResponseCase kind)
    {
        while (await call.ResponseStream.MoveNext(deadline.Token) && call.ResponseStream.Current.RequestTypeCase != kind)
        {
            Assert.Equal(ResponseCase.Challenge, call.ResponseStream.Current.RequestTypeCase);
            await SendAsync(new RequestType { ChallengeAnswer = new ChallengeAnswer { Nonce = call.ResponseStream.Current.Challenge.Nonce } });
        }

        Assert.Equal(kind, call.ResponseStream.Current.RequestTypeCase);
    }

    public async Task ExpectStartAsync()
    {
        await ExpectAsync(ResponseCase.HelloAck);
        await ExpectAsync(ResponseCase.Init);
        await ExpectAsync(ResponseCase.Tickets);
        await ExpectAsync(ResponseCase.Edges);
    }

    /// <summary>Reads until the server ends the stream; gives the status and the retry slot.</summary>
    public async Task<(Status Status, string? RetryAfter)> EndAsync()
    {
        try
        {
            while (await call.ResponseStream.MoveNext(deadline.Token))
            {
            }

            return (call.GetStatus(), null);
        }
        catch (RpcException exception)
        {
            return (exception.Status, exception.Trailers.GetValue("retry-after-ms"));
        }
    }

    public ValueTask DisposeAsync()
    {
        call.Dispose();
        channel.Dispose();
        deadline.Dispose();
        return ValueTask.CompletedTask;
    }
}
