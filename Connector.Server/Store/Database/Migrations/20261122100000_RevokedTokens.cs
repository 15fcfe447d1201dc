using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Connector.Server.Store.Database.Migrations
{
    /// <summary>When a token was revoked, so that its tombstone can go once no ticket of it can be alive.</summary>
    [DbContext(typeof(ControlDbContext))]
    [Migration("20261122100000_RevokedTokens")]
    public sealed class RevokedTokens : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(name: "revoked_at", table: "connector_tokens", type: "INTEGER", nullable: true);
            migrationBuilder.CreateIndex(name: "IX_connector_tokens_revoked_at", table: "connector_tokens", column: "revoked_at");

            // Those revoked before: from now on, for tickets of theirs may be alive.
            migrationBuilder.Sql("UPDATE connector_tokens SET revoked_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000 WHERE revoked = 1;");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(name: "IX_connector_tokens_revoked_at", table: "connector_tokens");
            migrationBuilder.DropColumn(name: "revoked_at", table: "connector_tokens");
        }
    }
}
