using System.Security;
using System.Text.Json;

namespace Connector.Tests.Plugins.Aws;

/// <summary>In the form of the service that is asked.</summary>
internal sealed record AwsAnswer(int Status, string ContentType, string Body)
{
    /// <summary>Nothing is said until the caller gives up.</summary>
    public static AwsAnswer Silence { get; } = new(0, "", "");

    public static AwsAnswer Xml(string body) => new(200, "text/xml;charset=UTF-8", body);

    /// <summary>As of a proxy that wants one to sign in.</summary>
    public static AwsAnswer Page(int status) => new(status, "text/html", "<html><body>Sign in</body></html>");

    public static AwsAnswer Json(object body) => new(200, "application/x-amz-json-1.1", JsonSerializer.Serialize(body));

    public static AwsAnswer JsonText(string body) => new(200, "application/x-amz-json-1.1", body);

    /// <summary>As each protocol says it.</summary>
    public static AwsAnswer Error(string service, int status, string code, string message) => service switch
    {
        "ec2" => new(status, "text/xml;charset=UTF-8",
            $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Errors><Error><Code>{code}</Code><Message>{Escape(message)}</Message></Error></Errors><RequestID>r-1</RequestID></Response>"),
        "sts" or "rds" => new(status, "text/xml",
            $"<ErrorResponse xmlns=\"https://example.com/doc/\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{Escape(message)}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"),
        "eks" => new(status, "application/json", JsonSerializer.Serialize(new { __type = code, message })),
        _ => new(status, "application/x-amz-json-1.1", JsonSerializer.Serialize(new { __type = $"com.amazonaws.{service}#{code}", message })),
    };

    public static string Escape(string text) => SecurityElement.Escape(text);
}
