using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Mailer.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ComingBack : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "tracked",
                table: "variants",
                type: "INTEGER",
                nullable: false,
                defaultValue: true);

            migrationBuilder.AddColumn<bool>(
                name: "by_machine",
                table: "link_clicks",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<long>(
                name: "clicked_at",
                table: "link_clicks",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "excused_bounced",
                table: "editions",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "excused_complaints",
                table: "editions",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "excused_letters",
                table: "editions",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "machine_clicks",
                table: "edition_pulses",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "machine_clicks",
                table: "edition_counters",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "machine_clicked_at",
                table: "deliveries",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "soft_bounces",
                table: "address_statuses",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<long>(
                name: "soft_since",
                table: "address_statuses",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "tracked",
                table: "variants");

            migrationBuilder.DropColumn(
                name: "by_machine",
                table: "link_clicks");

            migrationBuilder.DropColumn(
                name: "clicked_at",
                table: "link_clicks");

            migrationBuilder.DropColumn(
                name: "excused_bounced",
                table: "editions");

            migrationBuilder.DropColumn(
                name: "excused_complaints",
                table: "editions");

            migrationBuilder.DropColumn(
                name: "excused_letters",
                table: "editions");

            migrationBuilder.DropColumn(
                name: "machine_clicks",
                table: "edition_pulses");

            migrationBuilder.DropColumn(
                name: "machine_clicks",
                table: "edition_counters");

            migrationBuilder.DropColumn(
                name: "machine_clicked_at",
                table: "deliveries");

            migrationBuilder.DropColumn(
                name: "soft_bounces",
                table: "address_statuses");

            migrationBuilder.DropColumn(
                name: "soft_since",
                table: "address_statuses");
        }
    }
}
