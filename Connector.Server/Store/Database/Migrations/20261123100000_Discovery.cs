using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Connector.Server.Store.Database.Migrations
{
    /// <summary>What plugins discovered, how it changed, and their last scans.</summary>
    [DbContext(typeof(ControlDbContext))]
    [Migration("20261123100000_Discovery")]
    public sealed class AddDiscovery : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "discovered_resources",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    plugin_id = table.Column<string>(type: "TEXT", nullable: false),
                    discovery_id = table.Column<string>(type: "TEXT", nullable: false),
                    identity = table.Column<string>(type: "TEXT", nullable: false),
                    type = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    resource = table.Column<string>(type: "TEXT", nullable: false),
                    first_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    changed_at = table.Column<long>(type: "INTEGER", nullable: false),
                    missed_scans = table.Column<int>(type: "INTEGER", nullable: false),
                    dial_failed = table.Column<bool>(type: "INTEGER", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_discovered_resources", row => row.id);
                    table.ForeignKey("FK_discovered_resources_plugins_plugin_id", row => row.plugin_id, "plugins", "id", onDelete: ReferentialAction.Cascade);
                });
            migrationBuilder.CreateIndex(
                name: "IX_discovered_resources_plugin_id_discovery_id_identity", table: "discovered_resources", columns: ["plugin_id", "discovery_id", "identity"], unique: true);

            migrationBuilder.CreateTable(
                name: "discovered_changes",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false).Annotation("Sqlite:Autoincrement", true),
                    plugin_id = table.Column<string>(type: "TEXT", nullable: false),
                    resource_id = table.Column<string>(type: "TEXT", nullable: false),
                    identity = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    keys = table.Column<string>(type: "TEXT", nullable: false),
                    resource = table.Column<string>(type: "TEXT", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_discovered_changes", row => row.id);
                    table.ForeignKey("FK_discovered_changes_plugins_plugin_id", row => row.plugin_id, "plugins", "id", onDelete: ReferentialAction.Cascade);
                });
            migrationBuilder.CreateIndex(name: "IX_discovered_changes_plugin_id_id", table: "discovered_changes", columns: ["plugin_id", "id"]);
            migrationBuilder.CreateIndex(name: "IX_discovered_changes_resource_id_id", table: "discovered_changes", columns: ["resource_id", "id"]);

            migrationBuilder.CreateTable(
                name: "discovery_scans",
                columns: table => new
                {
                    plugin_id = table.Column<string>(type: "TEXT", nullable: false),
                    discovery_id = table.Column<string>(type: "TEXT", nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: false),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: false),
                    completed_at = table.Column<long>(type: "INTEGER", nullable: true),
                    found = table.Column<int>(type: "INTEGER", nullable: false),
                    errors = table.Column<string>(type: "TEXT", nullable: false),
                    gaps = table.Column<string>(type: "TEXT", nullable: false),
                    warnings = table.Column<string>(type: "TEXT", nullable: false),
                    held = table.Column<int>(type: "INTEGER", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_discovery_scans", row => new { row.plugin_id, row.discovery_id });
                    table.ForeignKey("FK_discovery_scans_plugins_plugin_id", row => row.plugin_id, "plugins", "id", onDelete: ReferentialAction.Cascade);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(name: "discovery_scans");
            migrationBuilder.DropTable(name: "discovered_changes");
            migrationBuilder.DropTable(name: "discovered_resources");
        }
    }
}
