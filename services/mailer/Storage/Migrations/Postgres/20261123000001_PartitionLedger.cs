using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Newsletter.Mailer.Storage.Migrations.Postgres;

/// <summary>
/// EF cannot declare partitions: the ledger that it made is replaced by a partitioned one of the same shape.
/// Months get their partitions ahead of time (<see cref="LedgerPartitions"/>); the default one takes what they do not cover.
/// </summary>
[DbContext(typeof(MailerPostgresDb))]
[Migration("20261123000001_PartitionLedger")]
public sealed class PartitionLedger : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        ALTER TABLE deliveries RENAME TO deliveries_plain;
        ALTER TABLE deliveries_plain RENAME CONSTRAINT pk_deliveries TO pk_deliveries_plain;
        ALTER INDEX ix_deliveries_batch_id RENAME TO ix_deliveries_plain_batch_id;
        CREATE TABLE deliveries (
            LIKE deliveries_plain INCLUDING DEFAULTS,
            CONSTRAINT pk_deliveries PRIMARY KEY (edition_id, subscriber_id)
        ) PARTITION BY RANGE (edition_id);
        CREATE INDEX ix_deliveries_batch_id ON deliveries (batch_id);
        CREATE TABLE deliveries_default PARTITION OF deliveries DEFAULT;
        DROP TABLE deliveries_plain;
        """);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        """
        CREATE TABLE deliveries_plain (LIKE deliveries INCLUDING DEFAULTS, CONSTRAINT pk_deliveries_plain PRIMARY KEY (edition_id, subscriber_id));
        INSERT INTO deliveries_plain SELECT * FROM deliveries;
        DROP TABLE deliveries;
        ALTER TABLE deliveries_plain RENAME TO deliveries;
        ALTER TABLE deliveries RENAME CONSTRAINT pk_deliveries_plain TO pk_deliveries;
        CREATE INDEX ix_deliveries_batch_id ON deliveries (batch_id);
        """);
}
