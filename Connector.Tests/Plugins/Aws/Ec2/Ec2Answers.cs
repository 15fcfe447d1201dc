using System.Text;

namespace Connector.Tests.Plugins.Aws.Ec2;

/// <summary>Pages of DescribeInstances as EC2 writes them, and of DescribeInstanceInformation as Systems Manager does.</summary>
internal static class Ec2Answers
{
    public static string Id(int number) => $"i-{number:x17}";

    public static AwsAnswer Page(IEnumerable<string> instances, string? next = null)
    {
        var body = new StringBuilder("""<?xml version="1.0" encoding="UTF-8"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId><reservationSet>""");
        foreach (var instance in instances)
        {
            body.Append($"<item><reservationId>r-1234567890abcdef0</reservationId><ownerId>{AwsStub.Account}</ownerId><groupSet/><instancesSet>{instance}</instancesSet></item>");
        }

        body.Append("</reservationSet>");
        return AwsAnswer.Xml(body.Append(next is null ? "" : $"<nextToken>{next}</nextToken>").Append("</DescribeInstancesResponse>").ToString());
    }

    public static string Instance(int number, string name, string state = "running", string more = "", string address = "127.0.0.9") =>
        $"""
        <item><instanceId>{Id(number)}</instanceId><imageId>ami-0abcdef1234567890</imageId><instanceState><code>16</code><name>{state}</name></instanceState>
        <privateDnsName></privateDnsName><dnsName/><reason/><keyName>key</keyName><amiLaunchIndex>0</amiLaunchIndex><productCodes/><instanceType>t3.micro</instanceType>
        <launchTime>2026-01-02T03:04:05.000Z</launchTime><placement><availabilityZone>eu-west-1a</availabilityZone><groupName/><tenancy>default</tenancy></placement>
        <monitoring><state>disabled</state></monitoring><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><privateIpAddress>{address}</privateIpAddress>
        <sourceDestCheck>true</sourceDestCheck><groupSet/><architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>
        <blockDeviceMapping/><virtualizationType>hvm</virtualizationType><clientToken/>
        <tagSet><item><key>Name</key><value>{AwsAnswer.Escape(name)}</value></item><item><key>tier</key><value>t{number % 2}</value></item></tagSet>{more}<hypervisor>xen</hypervisor></item>
        """;

    public static AwsAnswer Agents(IEnumerable<(string Id, string Status, DateTimeOffset Ping)> agents, string? next = null) => AwsAnswer.Json(new
    {
        InstanceInformationList = agents.Select(one => new
        {
            InstanceId = one.Id, PingStatus = one.Status, LastPingDateTime = one.Ping.ToUnixTimeMilliseconds() / 1000.0, AgentVersion = "3.2", PlatformType = "Linux", ResourceType = "EC2Instance",
        }),
        NextToken = next,
    });
}
