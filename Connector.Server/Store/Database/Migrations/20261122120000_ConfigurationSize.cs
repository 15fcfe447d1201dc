using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Connector.Server.Store.Database.Migrations
{
    /// <summary>What each socket adds to its connectors' configuration, so that the whole can be bounded without reading it.</summary>
    [DbContext(typeof(ControlDbContext))]
    [Migration("20261122120000_ConfigurationSize")]
    public sealed class AddConfigurationSize : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(name: "config_size", table: "sockets", type: "INTEGER", nullable: false, defaultValue: 0);

            // An estimate; the next change of a socket makes it exact.
            migrationBuilder.Sql("UPDATE sockets SET config_size = 600 + 2 * length(name) + 2 * length(upstream_configuration);");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropColumn(name: "config_size", table: "sockets");
    }
}
