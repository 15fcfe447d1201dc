using System.Text.Json;
using Akka.Configuration;
using Akka.Persistence.Sql;
using Connector.Actors.State;

namespace Connector.Actors.Registration;

/// <summary>What an actor system needs to keep journals in a state file.</summary>
internal static class PersistenceHocon
{
    /// <param name="connectionString">Of <see cref="StateFile"/>.</param>
    public static Config For(string connectionString)
    {
        // A quoted string of HOCON is one of JSON.
        var quoted = JsonSerializer.Serialize(connectionString);
        var bindings = string.Join('\n', StoredSerializer.Types.Select(type => $"\"{type.FullName}, {type.Assembly.GetName().Name}\" = connector-stored"));
        return ConfigurationFactory.ParseString(
            $$"""
            akka.persistence.journal.sql.connection-string = {{quoted}}
            akka.persistence.snapshot-store.sql.connection-string = {{quoted}}
            akka.actor.serialization-bindings {
            {{bindings}}
            }
            """)
            .WithFallback(EmbeddedHocon.Persistence)
            .WithFallback(EmbeddedHocon.Serialization)
            .WithFallback(SqlPersistence.DefaultConfiguration);
    }
}
