using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Connector.Server.Store.Database.Migrations
{
    /// <summary>Edges that run as processes of their own.</summary>
    [DbContext(typeof(ControlDbContext))]
    [Migration("20261122160000_Edges")]
    public sealed class AddEdges : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "edges",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    credential_id = table.Column<string>(type: "TEXT", nullable: false),
                    credential_expires_at = table.Column<long>(type: "INTEGER", nullable: true),
                    addresses = table.Column<string>(type: "TEXT", nullable: false),
                    ca_pins = table.Column<string>(type: "TEXT", nullable: false),
                    public_host = table.Column<string>(type: "TEXT", nullable: false),
                    software_version = table.Column<string>(type: "TEXT", nullable: false),
                    report_boot_id = table.Column<string>(type: "TEXT", nullable: false),
                    report_sequence = table.Column<long>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_seen_at = table.Column<long>(type: "INTEGER", nullable: true),
                },
                constraints: table => table.PrimaryKey("PK_edges", row => row.id));
            migrationBuilder.CreateIndex(name: "IX_edges_name", table: "edges", column: "name", unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable(name: "edges");
    }
}
