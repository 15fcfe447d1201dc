using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Connector.Server.Store.Database.Migrations
{
    /// <summary>Records of end users' streams that have ended.</summary>
    [DbContext(typeof(ControlDbContext))]
    [Migration("20261122140000_Sessions")]
    public sealed class AddSessions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "sessions",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false).Annotation("Sqlite:Autoincrement", true),
                    session_id = table.Column<string>(type: "TEXT", nullable: false),
                    connector_id = table.Column<string>(type: "TEXT", nullable: false),
                    socket_id = table.Column<string>(type: "TEXT", nullable: false),
                    socket_name = table.Column<string>(type: "TEXT", nullable: false),
                    replica_id = table.Column<string>(type: "TEXT", nullable: false),
                    edge_id = table.Column<string>(type: "TEXT", nullable: false),
                    client_address = table.Column<string>(type: "TEXT", nullable: false),
                    client_port = table.Column<int>(type: "INTEGER", nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: false),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: false),
                    duration_ms = table.Column<long>(type: "INTEGER", nullable: false),
                    bytes_to_client = table.Column<long>(type: "INTEGER", nullable: false),
                    bytes_from_client = table.Column<long>(type: "INTEGER", nullable: false),
                    ended_by = table.Column<string>(type: "TEXT", nullable: false),
                    code = table.Column<string>(type: "TEXT", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: false),
                    resumes = table.Column<int>(type: "INTEGER", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sessions", row => row.id);
                    table.ForeignKey(
                        name: "FK_sessions_connectors_connector_id",
                        column: row => row.connector_id,
                        principalTable: "connectors",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });
            migrationBuilder.CreateIndex(name: "IX_sessions_connector_id_id", table: "sessions", columns: ["connector_id", "id"]);
            migrationBuilder.CreateIndex(name: "IX_sessions_socket_id_id", table: "sessions", columns: ["socket_id", "id"]);
            migrationBuilder.CreateIndex(name: "IX_sessions_client_address_id", table: "sessions", columns: ["client_address", "id"]);
            migrationBuilder.CreateIndex(name: "IX_sessions_ended_at", table: "sessions", column: "ended_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable(name: "sessions");
    }
}
