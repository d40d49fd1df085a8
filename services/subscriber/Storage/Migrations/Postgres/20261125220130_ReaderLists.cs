using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Subscriber.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class ReaderLists : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "left_at",
                table: "subscribers",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "subscriber_labels",
                columns: table => new
                {
                    publication_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    word = table.Column<string>(type: "text", nullable: false),
                    subscriber_id = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_subscriber_labels", x => new { x.publication_id, x.kind, x.word, x.subscriber_id });
                    table.ForeignKey(
                        name: "fk_subscriber_labels_subscribers_subscriber_id",
                        column: x => x.subscriber_id,
                        principalTable: "subscribers",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_subscribers_active",
                table: "subscribers",
                columns: new[] { "publication_id", "id" },
                filter: "confirmed_at IS NOT NULL AND left_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_subscribers_pending",
                table: "subscribers",
                columns: new[] { "publication_id", "id" },
                filter: "confirmed_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_subscribers_publication_id_confirmed_at",
                table: "subscribers",
                columns: new[] { "publication_id", "confirmed_at" },
                filter: "confirmed_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_subscribers_publication_id_left_at",
                table: "subscribers",
                columns: new[] { "publication_id", "left_at" },
                filter: "left_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_subscribers_unsubscribed",
                table: "subscribers",
                columns: new[] { "publication_id", "id" },
                filter: "left_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_erasures_publication_id_requested_at",
                table: "erasures",
                columns: new[] { "publication_id", "requested_at" });

            migrationBuilder.CreateIndex(
                name: "ix_consents_newsletter_id_subscriber_id",
                table: "consents",
                columns: new[] { "newsletter_id", "subscriber_id" },
                filter: "withdrawn_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_consents_subscriber_id",
                table: "consents",
                column: "subscriber_id");

            migrationBuilder.CreateIndex(
                name: "ix_subscriber_labels_subscriber_id",
                table: "subscriber_labels",
                column: "subscriber_id");

            // What follows from the rows there are.
            migrationBuilder.Sql("""
                UPDATE subscribers SET left_at = COALESCE((SELECT MAX(withdrawn_at) FROM consents c WHERE c.subscriber_id = subscribers.id), confirmed_at)
                WHERE confirmed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.subscriber_id = subscribers.id AND c.withdrawn_at IS NULL);
                """);
            migrationBuilder.Sql("INSERT INTO subscriber_labels (publication_id, kind, word, subscriber_id) SELECT DISTINCT s.publication_id, 0, w.value, s.id FROM subscribers s, jsonb_array_elements_text(s.tags::jsonb) AS w(value)");
            migrationBuilder.Sql("INSERT INTO subscriber_labels (publication_id, kind, word, subscriber_id) SELECT DISTINCT s.publication_id, 1, w.value, s.id FROM subscribers s, jsonb_array_elements_text(s.topics::jsonb) AS w(value)");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "subscriber_labels");

            migrationBuilder.DropIndex(
                name: "ix_subscribers_active",
                table: "subscribers");

            migrationBuilder.DropIndex(
                name: "ix_subscribers_pending",
                table: "subscribers");

            migrationBuilder.DropIndex(
                name: "ix_subscribers_publication_id_confirmed_at",
                table: "subscribers");

            migrationBuilder.DropIndex(
                name: "ix_subscribers_publication_id_left_at",
                table: "subscribers");

            migrationBuilder.DropIndex(
                name: "ix_subscribers_unsubscribed",
                table: "subscribers");

            migrationBuilder.DropIndex(
                name: "ix_erasures_publication_id_requested_at",
                table: "erasures");

            migrationBuilder.DropIndex(
                name: "ix_consents_newsletter_id_subscriber_id",
                table: "consents");

            migrationBuilder.DropIndex(
                name: "ix_consents_subscriber_id",
                table: "consents");

            migrationBuilder.DropColumn(
                name: "left_at",
                table: "subscribers");
        }
    }
}
