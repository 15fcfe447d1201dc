using System.Text;
using Connector.Plugins.Aws.Signing;

namespace Connector.Tests.Plugins.Aws.Signing;

/// <summary>Requests and signatures of AWS's published test suite.</summary>
[Trait("kind", Kinds.Pure)]
public sealed class SigV4SignerTests
{
    private static readonly DateTimeOffset Time = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    public static TheoryData<string, string, string, string, string, string, string> Vectors { get; } = new()
    {
        { "get-vanilla", "GET", "/", "", "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
        { "post-vanilla", "POST", "/", "", "", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
        {
            "get-unreserved", "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "", "", "host;x-amz-date",
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"
        },
        { "get-slashes", "GET", "//example//", "", "", "host;x-amz-date", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84" },
        { "get-utf8", "GET", "/\u1234", "", "", "host;x-amz-date", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
        { "get-relative", "GET", "/example/..", "", "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
        { "get-slash-dot-slash", "GET", "/./", "", "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
        {
            "get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1", "", "host;x-amz-date",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        },
        {
            "get-vanilla-query-order-value", "GET", "/", "Param1=value2&Param1=value1", "", "host;x-amz-date",
            "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"
        },
        { "get-vanilla-utf8-query", "GET", "/", "\u1234=bar", "", "host;x-amz-date", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04" },
        {
            "get-header-value-order", "GET", "/", "", "My-Header1:value4|My-Header1:value1|My-Header1:value3|My-Header1:value2", "host;my-header1;x-amz-date",
            "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"
        },
        {
            "get-header-key-duplicate", "GET", "/", "", "My-Header1:value2|My-Header1:value2|My-Header1:value1", "host;my-header1;x-amz-date",
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"
        },
        {
            "get-header-value-trim", "GET", "/", "", "My-Header1: value1|My-Header2: \"a   b   c\"", "host;my-header1;my-header2;x-amz-date",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
        },
        {
            "get-vanilla-with-session-token", "GET", "/", "", "X-Amz-Security-Token:6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
            "host;x-amz-date;x-amz-security-token", "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"
        },
        {
            "post-x-www-form-urlencoded", "POST", "/", "", "Content-Type:application/x-www-form-urlencoded", "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Published_request_has_the_published_signature(string name, string method, string path, string query, string headers, string signed, string signature)
    {
        var request = new SigV4Request(
            method, path,
            [.. query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).Select(pair => (pair[0], pair[1]))],
            [
                ("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z"),
                .. headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(header => header.Split(':', 2)).Select(header => (header[0], header[1])),
            ],
            Encoding.UTF8.GetBytes(name == "post-x-www-form-urlencoded" ? "Param1=value1" : ""));

        var authorization = SigV4Signer.Authorization(request, "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service", Time);

        Assert.Equal($"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={signed}, Signature={signature}", authorization);
    }

    [Fact]
    public void Path_that_is_sent_encoded_is_encoded_once_more_to_be_signed()
    {
        var sent = SigV4Signer.EncodedPath("/clusters/a b/é");
        var canonical = SigV4Signer.CanonicalRequest(new SigV4Request("GET", sent, [], [("Host", "h")], ReadOnlyMemory<byte>.Empty));

        Assert.Equal("/clusters/a%20b/%C3%A9", sent);
        Assert.Equal("/clusters/a%2520b/%25C3%25A9", canonical.Split('\n')[1]);
    }
}
