using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Connector.Actors.Registration;
using Xunit;
using TestKit = Akka.TestKit.Xunit.TestKit;

namespace Connector.Tests.Actors.Registration;

[Trait("kind", Kinds.Actor)]
public sealed class RefusingJsonSerializerTests()
    : TestKit(ConfigurationFactory.ParseString(TestKitHocon.Patient).WithFallback(PersistenceHocon.For("Data Source=none")))
{
    [Fact]
    public void Json_with_a_type_hint_is_refused()
    {
        var hint = Encoding.UTF8.GetBytes("""{"$type":"System.IO.FileInfo, System.Private.CoreLib","OriginalPath":"/tmp/x"}""");
        var serialization = ((ExtendedActorSystem)Sys).Serialization;

        Assert.Equal(1, serialization.FindSerializerForType(typeof(FileInfo)).Identifier);
        Assert.Throws<SerializationException>(() => serialization.Deserialize(hint, 1, typeof(object)));
        Assert.Throws<SerializationException>(() => serialization.Deserialize(hint, 1, "System.IO.FileInfo, System.Private.CoreLib"));
        Assert.Throws<SerializationException>(() => serialization.FindSerializerForType(typeof(FileInfo)).ToBinary("text"));
    }
}
