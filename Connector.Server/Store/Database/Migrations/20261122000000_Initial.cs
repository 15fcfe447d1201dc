using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Connector.Server.Store.Database.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "connectors",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    description = table.Column<string>(type: "TEXT", nullable: false),
                    built_in_ssh_service_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    built_in_ssh_service_configuration = table.Column<string>(type: "TEXT", nullable: true),
                    metadata = table.Column<string>(type: "TEXT", nullable: true),
                    desired_version = table.Column<long>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_seen_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_connectors", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "meta",
                columns: table => new
                {
                    key = table.Column<string>(type: "TEXT", nullable: false),
                    value = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_meta", x => x.key);
                });

            migrationBuilder.CreateTable(
                name: "organization",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    subdomain = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_organization", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sockets",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    display_name = table.Column<string>(type: "TEXT", nullable: false),
                    type = table.Column<string>(type: "TEXT", nullable: false),
                    description = table.Column<string>(type: "TEXT", nullable: false),
                    upstream_type = table.Column<string>(type: "TEXT", nullable: false),
                    upstream_http_hostname = table.Column<string>(type: "TEXT", nullable: false),
                    recording_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    connector_authentication_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    end_to_end_encryption_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    tags = table.Column<string>(type: "TEXT", nullable: false),
                    upstream_configuration = table.Column<string>(type: "TEXT", nullable: false),
                    edge_port = table.Column<int>(type: "INTEGER", nullable: false),
                    edge_public = table.Column<bool>(type: "INTEGER", nullable: false),
                    edge_allowed_ips = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    upstream_updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sockets", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "connector_logs",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    connector_id = table.Column<string>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    severity = table.Column<string>(type: "TEXT", nullable: false),
                    message = table.Column<string>(type: "TEXT", nullable: false),
                    socket_id = table.Column<string>(type: "TEXT", nullable: true),
                    plugin_id = table.Column<string>(type: "TEXT", nullable: true),
                    source = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_connector_logs", x => x.id);
                    table.ForeignKey(
                        name: "FK_connector_logs_connectors_connector_id",
                        column: x => x.connector_id,
                        principalTable: "connectors",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "connector_tokens",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    connector_id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: true),
                    revoked = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_connector_tokens", x => x.id);
                    table.ForeignKey(
                        name: "FK_connector_tokens_connectors_connector_id",
                        column: x => x.connector_id,
                        principalTable: "connectors",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "epochs",
                columns: table => new
                {
                    connector_id = table.Column<string>(type: "TEXT", nullable: false),
                    epoch = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_epochs", x => x.connector_id);
                    table.ForeignKey(
                        name: "FK_epochs_connectors_connector_id",
                        column: x => x.connector_id,
                        principalTable: "connectors",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "plugins",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    connector_id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    type = table.Column<string>(type: "TEXT", nullable: false),
                    enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    configuration = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_plugins", x => x.id);
                    table.ForeignKey(
                        name: "FK_plugins_connectors_connector_id",
                        column: x => x.connector_id,
                        principalTable: "connectors",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "socket_connectors",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    socket_id = table.Column<string>(type: "TEXT", nullable: false),
                    connector_id = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_socket_connectors", x => x.id);
                    table.ForeignKey(
                        name: "FK_socket_connectors_connectors_connector_id",
                        column: x => x.connector_id,
                        principalTable: "connectors",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_socket_connectors_sockets_socket_id",
                        column: x => x.socket_id,
                        principalTable: "sockets",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_connector_logs_connector_id_id",
                table: "connector_logs",
                columns: new[] { "connector_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_connector_logs_connector_id_severity_id",
                table: "connector_logs",
                columns: new[] { "connector_id", "severity", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_connector_logs_connector_id_socket_id_id",
                table: "connector_logs",
                columns: new[] { "connector_id", "socket_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_connector_tokens_connector_id",
                table: "connector_tokens",
                column: "connector_id");

            migrationBuilder.CreateIndex(
                name: "IX_connectors_name",
                table: "connectors",
                column: "name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_plugins_connector_id",
                table: "plugins",
                column: "connector_id");

            migrationBuilder.CreateIndex(
                name: "IX_socket_connectors_connector_id",
                table: "socket_connectors",
                column: "connector_id");

            migrationBuilder.CreateIndex(
                name: "IX_socket_connectors_socket_id_connector_id",
                table: "socket_connectors",
                columns: new[] { "socket_id", "connector_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_sockets_edge_port",
                table: "sockets",
                column: "edge_port",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_sockets_name",
                table: "sockets",
                column: "name",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "connector_logs");

            migrationBuilder.DropTable(
                name: "connector_tokens");

            migrationBuilder.DropTable(
                name: "epochs");

            migrationBuilder.DropTable(
                name: "meta");

            migrationBuilder.DropTable(
                name: "organization");

            migrationBuilder.DropTable(
                name: "plugins");

            migrationBuilder.DropTable(
                name: "socket_connectors");

            migrationBuilder.DropTable(
                name: "connectors");

            migrationBuilder.DropTable(
                name: "sockets");
        }
    }
}
