using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Storage;

namespace Newsletter.Mailer.Storage;

public sealed class MailerPostgresDb(DbContextOptions<MailerPostgresDb> options) : MailerDb(options);

public sealed class MailerSqliteDb(DbContextOptions<MailerSqliteDb> options) : MailerDb(options);

internal sealed class MailerPostgresDesign() : DesignTimeDb<MailerPostgresDb>(o => new(o));

internal sealed class MailerSqliteDesign() : DesignTimeDb<MailerSqliteDb>(o => new(o));
