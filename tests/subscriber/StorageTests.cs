using Microsoft.EntityFrameworkCore;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Tests;

public sealed class StorageTests
{
    [Fact]
    public void The_migrations_for_PostgreSQL_are_up_to_date_with_the_model()
    {
        using var db = new SubscriberPostgresDesign().CreateDbContext([]);

        Assert.False(db.Database.HasPendingModelChanges());
    }

    [Fact]
    public void The_migrations_for_SQLite_are_up_to_date_with_the_model()
    {
        using var db = new SubscriberSqliteDesign().CreateDbContext([]);

        Assert.False(db.Database.HasPendingModelChanges());
    }
}
