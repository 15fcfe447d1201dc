using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace Connector.Plugins.Aws.Rds;

/// <summary>The query protocol: a form is sent, XML comes back.</summary>
internal sealed class RdsApi(AwsHttpClient http) : IRdsApi
{
    private const string Version = "2014-10-31";
    private const int PageSize = 100;

    public async Task<RdsPage> DescribeDbInstancesAsync(string? marker, CancellationToken cancellationToken)
    {
        var form = $"Action=DescribeDBInstances&Version={Version}&MaxRecords={PageSize}{(marker is null ? "" : $"&Marker={Uri.EscapeDataString(marker)}")}";
        var body = await http.SendAsync(
            new AwsHttpRequest(HttpMethod.Post, "/", ContentType: "application/x-www-form-urlencoded; charset=utf-8") { Body = Encoding.UTF8.GetBytes(form) },
            cancellationToken).ConfigureAwait(false);
        var answer = AwsXml.Read(body);
        var result = AwsXml.Child(answer, "DescribeDBInstancesResult")
            ?? throw new MalformedAnswerException("the answer has no DescribeDBInstancesResult");
        return new RdsPage([.. AwsXml.Children(AwsXml.Child(result, "DBInstances"), "DBInstance").Select(Instance)], AwsXml.Text(result, "Marker"));
    }

    private static RdsInstance Instance(XElement element)
    {
        var (group, endpoint) = (AwsXml.Child(element, "DBSubnetGroup"), AwsXml.Child(element, "Endpoint"));
        return new RdsInstance
        {
            Arn = AwsXml.Text(element, "DBInstanceArn"),
            Identifier = AwsXml.Text(element, "DBInstanceIdentifier"),
            Status = AwsXml.Text(element, "DBInstanceStatus"),
            Engine = AwsXml.Text(element, "Engine"),
            EngineVersion = AwsXml.Text(element, "EngineVersion"),
            VpcId = AwsXml.Text(group, "VpcId"),
            SubnetGroup = AwsXml.Text(group, "DBSubnetGroupName"),
            Address = AwsXml.Text(endpoint, "Address"),
            Port = int.TryParse(AwsXml.Text(endpoint, "Port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= ushort.MaxValue ? port : null,
            Tags = AwsScan.Tags(AwsXml.Children(AwsXml.Child(element, "TagList"), "Tag").Select(static tag => (AwsXml.Text(tag, "Key"), AwsXml.Text(tag, "Value")))),
        };
    }
}
