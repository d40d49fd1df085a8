using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Mailer.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Pace : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "held_reason",
                table: "editions",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "held_until",
                table: "editions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "is_sliced",
                table: "batches",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.CreateTable(
                name: "allowances",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "TEXT", nullable: false),
                    next_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_allowances", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "publication_rates",
                columns: table => new
                {
                    publication_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    rate = table.Column<double>(type: "REAL", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_publication_rates", x => x.publication_id);
                });

            migrationBuilder.CreateTable(
                name: "sending_holds",
                columns: table => new
                {
                    account_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    domain = table.Column<string>(type: "TEXT", nullable: false),
                    provider = table.Column<string>(type: "TEXT", nullable: false),
                    until = table.Column<long>(type: "INTEGER", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: false),
                    strikes = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_sending_holds", x => new { x.account_id, x.domain });
                });

            migrationBuilder.CreateTable(
                name: "warm_ups",
                columns: table => new
                {
                    account_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    step = table.Column<int>(type: "INTEGER", nullable: false),
                    day = table.Column<int>(type: "INTEGER", nullable: false),
                    cap = table.Column<int>(type: "INTEGER", nullable: false),
                    sent = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_warm_ups", x => x.account_id);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "allowances");

            migrationBuilder.DropTable(
                name: "publication_rates");

            migrationBuilder.DropTable(
                name: "sending_holds");

            migrationBuilder.DropTable(
                name: "warm_ups");

            migrationBuilder.DropColumn(
                name: "held_reason",
                table: "editions");

            migrationBuilder.DropColumn(
                name: "held_until",
                table: "editions");

            migrationBuilder.DropColumn(
                name: "is_sliced",
                table: "batches");
        }
    }
}
