using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Mailer.Storage.Migrations.Sqlite
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
                type: "TEXT",
                nullable: false,
                defaultValue: "sendgrid");

            migrationBuilder.AddColumn<Guid>(
                name: "account_id",
                table: "batches",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "stays_with_account",
                table: "batches",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            // What is on its way, or in doubt, is the installation's.
            foreach (var (provider, id) in new[] { ("sendgrid", 1), ("smtp", 2) })
                migrationBuilder.Sql($"UPDATE batches SET account_id = '0000000{id}-0000-0000-0000-000000000000' WHERE provider = '{provider}' AND state IN (1, 2)");

            migrationBuilder.CreateTable(
                name: "mail_accounts",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    publication_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    role = table.Column<short>(type: "INTEGER", nullable: false),
                    provider = table.Column<string>(type: "TEXT", nullable: false),
                    facts = table.Column<string>(type: "TEXT", nullable: false),
                    secrets = table.Column<string>(type: "TEXT", nullable: false),
                    hint = table.Column<string>(type: "TEXT", nullable: false),
                    retired_at = table.Column<long>(type: "INTEGER", nullable: true),
                    version = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_mail_accounts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "sender_domains",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    publication_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    domain = table.Column<string>(type: "TEXT", nullable: false),
                    selectors = table.Column<string>(type: "TEXT", nullable: false),
                    return_path = table.Column<string>(type: "TEXT", nullable: true),
                    dkim_selector = table.Column<string>(type: "TEXT", nullable: false),
                    dkim_public_key = table.Column<string>(type: "TEXT", nullable: false),
                    dkim_private_key = table.Column<string>(type: "TEXT", nullable: false),
                    records = table.Column<string>(type: "TEXT", nullable: false),
                    verified_for = table.Column<string>(type: "TEXT", nullable: false),
                    checked_at = table.Column<long>(type: "INTEGER", nullable: true),
                    failing_since = table.Column<long>(type: "INTEGER", nullable: true),
                    next_check_at = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false)
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

            migrationBuilder.AddColumn<long>(
                name: "verified_at",
                table: "senders",
                type: "INTEGER",
                nullable: true);
        }
    }
}
