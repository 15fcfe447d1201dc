using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Connector.Server.Store.Database.Migrations
{
    /// <summary>When a miss of a discovered resource was counted last, with which configuration of its plugin it was seen, and since when a discoverer reports.</summary>
    [DbContext(typeof(ControlDbContext))]
    [Migration("20261123110000_DiscoveryMisses")]
    public sealed class AddDiscoveryMisses : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(name: "configured_at", table: "plugins", type: "INTEGER", nullable: false, defaultValue: 0L);
            migrationBuilder.AddColumn<long>(name: "configured_at", table: "discovered_resources", type: "INTEGER", nullable: false, defaultValue: 0L);
            migrationBuilder.AddColumn<long>(name: "missed_at", table: "discovered_resources", type: "INTEGER", nullable: true);
            migrationBuilder.AddColumn<long>(name: "first_at", table: "discovery_scans", type: "INTEGER", nullable: false, defaultValue: 0L);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(name: "first_at", table: "discovery_scans");
            migrationBuilder.DropColumn(name: "missed_at", table: "discovered_resources");
            migrationBuilder.DropColumn(name: "configured_at", table: "discovered_resources");
            migrationBuilder.DropColumn(name: "configured_at", table: "plugins");
        }
    }
}
