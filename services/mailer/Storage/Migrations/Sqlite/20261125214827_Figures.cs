using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Mailer.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Figures : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_editions_publication_id",
                table: "editions");

            migrationBuilder.AddColumn<int>(
                name: "follows",
                table: "links",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.CreateTable(
                name: "batch_tallies",
                columns: table => new
                {
                    batch_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    edition_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    queued = table.Column<int>(type: "INTEGER", nullable: false),
                    sending = table.Column<int>(type: "INTEGER", nullable: false),
                    uncertain = table.Column<int>(type: "INTEGER", nullable: false),
                    accepted = table.Column<int>(type: "INTEGER", nullable: false),
                    delivered = table.Column<int>(type: "INTEGER", nullable: false),
                    bounced = table.Column<int>(type: "INTEGER", nullable: false),
                    failed = table.Column<int>(type: "INTEGER", nullable: false),
                    skipped = table.Column<int>(type: "INTEGER", nullable: false),
                    suppressed = table.Column<int>(type: "INTEGER", nullable: false),
                    cancelled = table.Column<int>(type: "INTEGER", nullable: false),
                    taken = table.Column<int>(type: "INTEGER", nullable: false),
                    arrived = table.Column<int>(type: "INTEGER", nullable: false),
                    first_accepted_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_accepted_at = table.Column<long>(type: "INTEGER", nullable: true),
                    reasons = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_batch_tallies", x => x.batch_id);
                });

            migrationBuilder.CreateTable(
                name: "edition_domains",
                columns: table => new
                {
                    edition_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    publication_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    counted_at = table.Column<long>(type: "INTEGER", nullable: false),
                    domains = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_edition_domains", x => x.edition_id);
                });

            migrationBuilder.CreateTable(
                name: "edition_pulses",
                columns: table => new
                {
                    edition_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    quarter = table.Column<int>(type: "INTEGER", nullable: false),
                    publication_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    accepted = table.Column<int>(type: "INTEGER", nullable: false),
                    delivered = table.Column<int>(type: "INTEGER", nullable: false),
                    bounced = table.Column<int>(type: "INTEGER", nullable: false),
                    opens = table.Column<int>(type: "INTEGER", nullable: false),
                    machine_opens = table.Column<int>(type: "INTEGER", nullable: false),
                    clicks = table.Column<int>(type: "INTEGER", nullable: false),
                    complaints = table.Column<int>(type: "INTEGER", nullable: false),
                    unsubscribes = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_edition_pulses", x => new { x.edition_id, x.quarter });
                });

            migrationBuilder.CreateTable(
                name: "failure_texts",
                columns: table => new
                {
                    edition_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: false),
                    text = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_failure_texts", x => new { x.edition_id, x.reason });
                });

            migrationBuilder.CreateTable(
                name: "tally_marks",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    edition_id = table.Column<Guid>(type: "TEXT", nullable: false),
                    batch_id = table.Column<Guid>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_tally_marks", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "ix_editions_publication_id_id",
                table: "editions",
                columns: new[] { "publication_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_deliveries_subscriber_id_edition_id",
                table: "deliveries",
                columns: new[] { "subscriber_id", "edition_id" });

            migrationBuilder.CreateIndex(
                name: "ix_batch_tallies_edition_id",
                table: "batch_tallies",
                column: "edition_id");

            migrationBuilder.CreateIndex(
                name: "ix_edition_pulses_publication_id_quarter",
                table: "edition_pulses",
                columns: new[] { "publication_id", "quarter" });

            migrationBuilder.CreateIndex(
                name: "ix_tally_marks_edition_id",
                table: "tally_marks",
                column: "edition_id");

            // What was sent before is counted by the worker, little by little.
            migrationBuilder.Sql("INSERT INTO tally_marks (edition_id, batch_id) SELECT edition_id, id FROM batches");
            migrationBuilder.Sql("UPDATE links SET follows = clicks");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "batch_tallies");

            migrationBuilder.DropTable(
                name: "edition_domains");

            migrationBuilder.DropTable(
                name: "edition_pulses");

            migrationBuilder.DropTable(
                name: "failure_texts");

            migrationBuilder.DropTable(
                name: "tally_marks");

            migrationBuilder.DropIndex(
                name: "ix_editions_publication_id_id",
                table: "editions");

            migrationBuilder.DropIndex(
                name: "ix_deliveries_subscriber_id_edition_id",
                table: "deliveries");

            migrationBuilder.DropColumn(
                name: "follows",
                table: "links");

            migrationBuilder.CreateIndex(
                name: "ix_editions_publication_id",
                table: "editions",
                column: "publication_id");
        }
    }
}
