using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Connector.Server.Store.Database.Migrations
{
    /// <summary>The last log batch of each process, so that a batch that comes again is stored once.</summary>
    [DbContext(typeof(ControlDbContext))]
    [Migration("20261122110000_LogSequences")]
    public sealed class AddLogSequences : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.CreateTable(
            name: "log_sequences",
            columns: table => new
            {
                connector_id = table.Column<string>(type: "TEXT", nullable: false),
                replica_id = table.Column<string>(type: "TEXT", nullable: false),
                boot_id = table.Column<string>(type: "TEXT", nullable: false),
                sequence = table.Column<long>(type: "INTEGER", nullable: false),
                stored_at = table.Column<long>(type: "INTEGER", nullable: false),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_log_sequences", row => new { row.connector_id, row.replica_id, row.boot_id });
                table.ForeignKey(
                    name: "FK_log_sequences_connectors_connector_id",
                    column: row => row.connector_id,
                    principalTable: "connectors",
                    principalColumn: "id",
                    onDelete: ReferentialAction.Cascade);
            });

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable(name: "log_sequences");
    }
}
