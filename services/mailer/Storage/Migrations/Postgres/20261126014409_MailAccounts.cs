using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Mailer.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class MailAccounts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "verified_at",
                table: "senders");

            migrationBuilder.AddColumn<string>(
                name: "provider",
                table: "webhook_calls",
                type: "text",
                nullable: false,
                defaultValue: "sendgrid");

            migrationBuilder.AddColumn<Guid>(
                name: "account_id",
                table: "batches",
                type: "uuid",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "stays_with_account",
                table: "batches",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            // What is on its way, or in doubt, is the installation's.
            foreach (var (provider, id) in new[] { ("sendgrid", 1), ("smtp", 2) })
                migrationBuilder.Sql($"UPDATE batches SET account_id = '0000000{id}-0000-0000-0000-000000000000' WHERE provider = '{provider}' AND state IN (1, 2)");

            migrationBuilder.CreateTable(
                name: "mail_accounts",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    publication_id = table.Column<Guid>(type: "uuid", nullable: false),
                    role = table.Column<short>(type: "smallint", nullable: false),
                    provider = table.Column<string>(type: "text", nullable: false),
                    facts = table.Column<string>(type: "text", nullable: false),
                    secrets = table.Column<string>(type: "text", nullable: false),
                    hint = table.Column<string>(type: "text", nullable: false),
                    retired_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_mail_accounts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sender_domains",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    publication_id = table.Column<Guid>(type: "uuid", nullable: false),
                    domain = table.Column<string>(type: "text", nullable: false),
                    selectors = table.Column<string>(type: "text", nullable: false),
                    return_path = table.Column<string>(type: "text", nullable: true),
                    dkim_selector = table.Column<string>(type: "text", nullable: false),
                    dkim_public_key = table.Column<string>(type: "text", nullable: false),
                    dkim_private_key = table.Column<string>(type: "text", nullable: false),
                    records = table.Column<string>(type: "text", nullable: false),
                    verified_for = table.Column<string>(type: "text", nullable: false),
                    checked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    failing_since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    next_check_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sender_domains", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_mail_accounts_publication_id_role",
                table: "mail_accounts",
                columns: new[] { "publication_id", "role" },
                unique: true,
                filter: "retired_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_sender_domains_next_check_at",
                table: "sender_domains",
                column: "next_check_at");

            migrationBuilder.CreateIndex(
                name: "ix_sender_domains_publication_id_domain",
                table: "sender_domains",
                columns: new[] { "publication_id", "domain" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "mail_accounts");

            migrationBuilder.DropTable(
                name: "sender_domains");

            migrationBuilder.DropColumn(
                name: "provider",
                table: "webhook_calls");

            migrationBuilder.DropColumn(
                name: "account_id",
                table: "batches");

            migrationBuilder.DropColumn(
                name: "stays_with_account",
                table: "batches");

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "verified_at",
                table: "senders",
                type: "timestamp with time zone",
                nullable: true);
        }
    }
}
