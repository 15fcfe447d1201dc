using System.Net;

namespace Connector.Plugins.Aws;

/// <summary>A refusal.</summary>
/// <param name="code">Name of the error; empty when none was given.</param>
/// <param name="said">The other end's words, uncleaned: not for messages as they are.</param>
internal sealed class AwsHttpException(HttpStatusCode statusCode, string code, string said) : Exception("AWS refused a request")
{
    public HttpStatusCode StatusCode => statusCode;

    public string Code => code;

    public string Said => said;
}
