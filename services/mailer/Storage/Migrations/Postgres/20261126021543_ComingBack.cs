using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Mailer.Storage.Migrations.Postgres
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
                type: "boolean",
                nullable: false,
                defaultValue: true);

            migrationBuilder.AddColumn<bool>(
                name: "by_machine",
                table: "link_clicks",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "clicked_at",
                table: "link_clicks",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "excused_bounced",
                table: "editions",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "excused_complaints",
                table: "editions",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "excused_letters",
                table: "editions",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "machine_clicks",
                table: "edition_pulses",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "machine_clicks",
                table: "edition_counters",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "machine_clicked_at",
                table: "deliveries",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "soft_bounces",
                table: "address_statuses",
                type: "integer",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "soft_since",
                table: "address_statuses",
                type: "timestamp with time zone",
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
