using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Billing.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Members : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "removed_at",
                table: "grants",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_subscriptions_publication_id_id",
                table: "subscriptions",
                columns: new[] { "publication_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_money_lines_customer_id_id",
                table: "money_lines",
                columns: new[] { "customer_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_grants_publication_id_from",
                table: "grants",
                columns: new[] { "publication_id", "from" });

            migrationBuilder.CreateIndex(
                name: "ix_grants_publication_id_id",
                table: "grants",
                columns: new[] { "publication_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_grants_publication_id_removed_at",
                table: "grants",
                columns: new[] { "publication_id", "removed_at" });

            migrationBuilder.CreateIndex(
                name: "ix_grants_publication_id_until",
                table: "grants",
                columns: new[] { "publication_id", "until" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_subscriptions_publication_id_id",
                table: "subscriptions");

            migrationBuilder.DropIndex(
                name: "ix_money_lines_customer_id_id",
                table: "money_lines");

            migrationBuilder.DropIndex(
                name: "ix_grants_publication_id_from",
                table: "grants");

            migrationBuilder.DropIndex(
                name: "ix_grants_publication_id_id",
                table: "grants");

            migrationBuilder.DropIndex(
                name: "ix_grants_publication_id_removed_at",
                table: "grants");

            migrationBuilder.DropIndex(
                name: "ix_grants_publication_id_until",
                table: "grants");

            migrationBuilder.DropColumn(
                name: "removed_at",
                table: "grants");
        }
    }
}
