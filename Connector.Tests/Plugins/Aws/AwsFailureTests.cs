using System.Net;
using Connector.Plugins;
using Connector.Plugins.Aws;

namespace Connector.Tests.Plugins.Aws;

[Trait("kind", Kinds.Pure)]
public sealed class AwsFailureTests
{
    [Fact]
    public void Proxy_that_refuses_is_blamed_and_not_quoted()
    {
        var refused = new HttpRequestException(HttpRequestError.ProxyTunnelError, "The proxy tunnel request to proxy 'http://user:password@proxy/' failed", null, HttpStatusCode.ProxyAuthenticationRequired);

        var described = AwsFailure.Describe(new IOException("broken", refused), "Listing", "ec2:DescribeInstances", static said => said);

        Assert.Equal(DiscoveryFailure.Unreachable, described.Failure);
        Assert.Contains("the proxy refuses (407)", described.Message);
        Assert.DoesNotContain("password", described.Message);
    }

    [Fact]
    public void Reason_below_the_message_of_an_sdk_is_told()
        => Assert.Equal(" (no such file)", AwsFailure.Below(new InvalidOperationException("no token", new FileNotFoundException("no such file"))));

    [Fact]
    public void Refusal_below_the_message_of_an_sdk_is_found()
    {
        var hidden = new InvalidOperationException("failed", new AwsHttpException(HttpStatusCode.Forbidden, "ForbiddenException", "No access"));

        Assert.True(AwsFailure.IsRefusal(hidden));
        Assert.Contains("ForbiddenException: No ***", AwsFailure.Describe(hidden, "Looking", "", static said => said.Replace("access", "***", StringComparison.Ordinal)).Message);
        Assert.False(AwsFailure.IsRefusal(new InvalidOperationException("failed", new IOException("gone"))));
    }
}
