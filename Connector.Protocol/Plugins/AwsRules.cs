using System.Text.RegularExpressions;
using Connector.Protocol.Sockets;

namespace Connector.Protocol.Plugins;

internal static partial class AwsRules
{
    public static void Add(AwsDiscoveryConfiguration aws, string path, List<string> problems)
    {
        if (!PluginRules.TooMany(aws.AwsRegions, $"{path}.aws_regions", problems) && aws.AwsRegions is { IsDefault: false } regions)
        {
            for (var i = 0; i < regions.Length; i++)
            {
                if (regions[i] is not { } region || !RegionName().IsMatch(region))
                {
                    problems.Add($"{path}.aws_regions[{i}]: not a region such as eu-central-1");
                }
                else if (regions.IndexOf(region) < i)
                {
                    problems.Add($"{path}.aws_regions[{i}]: stands there twice");
                }
            }
        }

        if (!PluginRules.TooMany(aws.AssumeRoles, $"{path}.assume_roles", problems) && aws.AssumeRoles is { IsDefault: false } roles)
        {
            for (var i = 0; i < roles.Length; i++)
            {
                if (roles[i]?.RoleArn is not { } arn || !RoleArn().IsMatch(arn))
                {
                    problems.Add($"{path}.assume_roles[{i}].role_arn: must be the ARN of a role, such as arn:aws:iam::123456789012:role/reader");
                }
            }
        }

        if (aws.AwsEndpointUrl is { Length: > 0 } url && !PluginRules.IsUrl(url, "http", "https"))
        {
            problems.Add($"{path}.aws_endpoint_url: must be an address that begins with https:// or http://");
        }

        if (aws.AwsCredentials is { } credentials)
        {
            Add(credentials, $"{path}.aws_credentials", problems);
        }
    }

    private static void Add(AwsCredentials credentials, string path, List<string> problems)
    {
        var (id, secret) = (credentials.AwsAccessKeyId is { Length: > 0 }, credentials.AwsSecretAccessKey?.Reveal() is { Length: > 0 });
        if (id != secret)
        {
            problems.Add($"{path}: aws_access_key_id and aws_secret_access_key go together");
        }

        if (id && credentials.AwsProfile is { Length: > 0 })
        {
            problems.Add($"{path}: both keys and aws_profile are given; give one of them");
        }

        if (!id && credentials.AwsSessionToken?.Reveal() is { Length: > 0 })
        {
            problems.Add($"{path}.aws_session_token: is of use only with aws_access_key_id and aws_secret_access_key");
        }
    }

    [GeneratedRegex(@"^[a-z]{2,10}(-[a-z0-9]{1,20}){1,4}\z")]
    private static partial Regex RegionName();

    [GeneratedRegex(@"^arn:aws[a-z-]{0,20}:iam::\d{12}:role/[\w+=,.@/-]{1,576}\z")]
    private static partial Regex RoleArn();
}
