namespace Connector.Tests.Plugins.Aws.Rds;

/// <summary>Pages of DescribeDBInstances as RDS writes them.</summary>
internal static class RdsAnswers
{
    public static AwsAnswer Page(IEnumerable<string> instances, string? marker = null) => AwsAnswer.Xml(
        $"""
        <DescribeDBInstancesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeDBInstancesResult>
        {(marker is null ? "" : $"<Marker>{AwsAnswer.Escape(marker)}</Marker>")}<DBInstances>{string.Concat(instances)}</DBInstances>
        </DescribeDBInstancesResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></DescribeDBInstancesResponse>
        """);

    public static string Instance(int number, string name, string status = "available", string? endpoint = "<Address>127.0.0.9</Address><Port>1</Port>") =>
        $"""
        <DBInstance><DBInstanceIdentifier>db-{number}</DBInstanceIdentifier><DBInstanceArn>arn:aws:rds:eu-west-1:{AwsStub.Account}:db:db-{number}</DBInstanceArn>
        <DBInstanceStatus>{status}</DBInstanceStatus><Engine>postgres</Engine><EngineVersion>16.3</EngineVersion>
        <DBSubnetGroup><VpcId>vpc-1</VpcId><DBSubnetGroupName>group-1</DBSubnetGroupName><Subnets/></DBSubnetGroup>
        {(endpoint is null ? "" : $"<Endpoint>{endpoint}<HostedZoneId>Z1</HostedZoneId></Endpoint>")}
        <TagList><Tag><Key>Name</Key><Value>{AwsAnswer.Escape(name)}</Value></Tag><Tag><Key>tier</Key><Value>t{number % 2}</Value></Tag></TagList></DBInstance>
        """;
}
