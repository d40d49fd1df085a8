using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Content.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class SignOuts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "sign_outs",
                table: "readers",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "sign_outs",
                table: "readers");
        }
    }
}
