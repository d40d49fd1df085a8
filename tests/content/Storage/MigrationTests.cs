using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Storage;

namespace Newsletter.Content.Tests.Storage;

public sealed class MigrationTests
{
    [Fact]
    public void Neither_database_lags_behind_the_model()
    {
        using var postgres = new PostgresDesign().CreateDbContext([]);
        using var sqlite = new SqliteDesign().CreateDbContext([]);
        Assert.False(postgres.Database.HasPendingModelChanges());
        Assert.False(sqlite.Database.HasPendingModelChanges());
    }
}
