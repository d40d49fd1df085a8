using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Subscriber.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class SignOuts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "sign_outs",
                table: "subscribers",
                type: "integer",
                nullable: false,
                defaultValue: 0);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "sign_outs",
                table: "subscribers");
        }
    }
}
