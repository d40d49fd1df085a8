using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Mailer.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class PersonalLists : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "list",
                table: "variants",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<byte[]>(
                name: "choice",
                table: "deliveries",
                type: "bytea",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "list",
                table: "variants");

            migrationBuilder.DropColumn(
                name: "choice",
                table: "deliveries");
        }
    }
}
