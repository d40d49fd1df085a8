using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Newsletter.Content.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Editing : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "folded_title",
                table: "posts",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<Guid>(
                name: "updated_by",
                table: "posts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "height",
                table: "media",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "width",
                table: "media",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "ix_posts_publication_id_state_updated_at_id",
                table: "posts",
                columns: new[] { "publication_id", "state", "updated_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_posts_publication_id_updated_at_id",
                table: "posts",
                columns: new[] { "publication_id", "updated_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_media_publication_id_id",
                table: "media",
                columns: new[] { "publication_id", "id" });

            // Without accents from the next change on.
            migrationBuilder.Sql("UPDATE posts SET folded_title = lower(title)");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_posts_publication_id_state_updated_at_id",
                table: "posts");

            migrationBuilder.DropIndex(
                name: "ix_posts_publication_id_updated_at_id",
                table: "posts");

            migrationBuilder.DropIndex(
                name: "ix_media_publication_id_id",
                table: "media");

            migrationBuilder.DropColumn(
                name: "folded_title",
                table: "posts");

            migrationBuilder.DropColumn(
                name: "updated_by",
                table: "posts");

            migrationBuilder.DropColumn(
                name: "height",
                table: "media");

            migrationBuilder.DropColumn(
                name: "width",
                table: "media");
        }
    }
}
