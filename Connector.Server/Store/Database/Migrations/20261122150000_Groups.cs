using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Connector.Server.Store.Database.Migrations
{
    /// <summary>The last decision about each connector's group, and whose control session an epoch stands for.</summary>
    [DbContext(typeof(ControlDbContext))]
    [Migration("20261122150000_Groups")]
    public sealed class AddGroups : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "connector_groups",
                columns: table => new
                {
                    connector_id = table.Column<string>(type: "TEXT", nullable: false),
                    generation = table.Column<long>(type: "INTEGER", nullable: false),
                    members = table.Column<string>(type: "TEXT", nullable: false),
                    removed = table.Column<string>(type: "TEXT", nullable: false),
                    granted_to = table.Column<string>(type: "TEXT", nullable: true),
                    granted_at = table.Column<long>(type: "INTEGER", nullable: true),
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_connector_groups", row => row.connector_id);
                    table.ForeignKey(
                        name: "FK_connector_groups_connectors_connector_id",
                        column: row => row.connector_id,
                        principalTable: "connectors",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });
            migrationBuilder.AddColumn<string>(name: "group_boot_id", table: "epochs", type: "TEXT", nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(name: "group_boot_id", table: "epochs");
            migrationBuilder.DropTable(name: "connector_groups");
        }
    }
}
