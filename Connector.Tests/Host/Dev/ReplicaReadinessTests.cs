using System.Text.Json;
using Connector.Host.Dev;
using Connector.Host.Status;
using Xunit;

namespace Connector.Tests.Host.Dev;

[Trait("kind", Kinds.Pure)]
public sealed class ReplicaReadinessTests
{
    private const string Member = """{"replica_id": "a", "status": "ready", "ready": true, "role": "member", "group": {"generation": 1, "reason": "", "members": [{"leader": true}, {"leader": false}]}}""";

    [Theory]
    [InlineData(Member, 2, null)]
    [InlineData(Member, 3, "is in a group of 2; 3 replicas run")]
    [InlineData("""{"status": "ready", "ready": true, "role": "leader", "group": {"generation": 1, "reason": "", "members": [{"leader": true}]}}""", 2, "is in a group of 1")]
    [InlineData("""{"status": "ready", "ready": true, "role": "ungrouped", "group": {"generation": 0, "reason": "no answer", "members": []}}""", 2, "is ungrouped: no answer")]
    [InlineData("""{"status": "ready", "ready": true, "role": "lone"}""", 2, "is lone")]
    [InlineData("""{"status": "not ready, member: no link to any edge", "ready": false, "role": "member"}""", 2, "is not ready, member: no link to any edge")]
    [InlineData("null", 2, "does not answer")]
    public void Replica_is_waited_for_until_it_is_ready_in_a_group_of_all(string status, int members, string? missing)
    {
        var found = ReplicaReadiness.WhyNot(JsonSerializer.Deserialize<ReplicaStatus>(status, ReplicaStatus.Json), members);

        if (missing is null)
        {
            Assert.Null(found);
        }
        else
        {
            Assert.StartsWith(missing, found);
        }
    }
}
