using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Connector.Server.Store.Database.Migrations
{
    /// <summary>Limits of sockets, checks of their upstreams, PROXY protocol both ways, hedging.</summary>
    [DbContext(typeof(ControlDbContext))]
    [Migration("20261122130000_SocketOptions")]
    public sealed class AddSocketOptions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(name: "edge_hedge", table: "sockets", type: "INTEGER", nullable: false, defaultValue: true);
            migrationBuilder.AddColumn<string>(name: "edge_proxy_protocol_from", table: "sockets", type: "TEXT", nullable: false, defaultValue: "");
            migrationBuilder.AddColumn<string>(name: "limits", table: "sockets", type: "TEXT", nullable: false, defaultValue: "{}");
            migrationBuilder.AddColumn<string>(name: "upstream_check", table: "sockets", type: "TEXT", nullable: false, defaultValue: "{}");
            migrationBuilder.AddColumn<string>(name: "upstream_proxy_protocol", table: "sockets", type: "TEXT", nullable: false, defaultValue: "");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            foreach (var column in (string[])["edge_hedge", "edge_proxy_protocol_from", "limits", "upstream_check", "upstream_proxy_protocol"])
            {
                migrationBuilder.DropColumn(name: column, table: "sockets");
            }
        }
    }
}
