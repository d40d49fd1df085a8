namespace Newsletter.Sandbox.Storage;

internal static class Schema
{
    public const string Sql = """
        CREATE TABLE IF NOT EXISTS settings (
            name  TEXT PRIMARY KEY,
            value TEXT NOT NULL) WITHOUT ROWID;

        CREATE TABLE IF NOT EXISTS stripe_objects (
            seq     INTEGER PRIMARY KEY AUTOINCREMENT,
            id      TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL,
            kind    TEXT NOT NULL,
            created INTEGER NOT NULL,
            json    TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS stripe_objects_kind ON stripe_objects (account, kind, seq);
        CREATE INDEX IF NOT EXISTS stripe_objects_customer ON stripe_objects (account, kind, json_extract(json, '$.customer'));

        CREATE TABLE IF NOT EXISTS stripe_events (
            seq     INTEGER PRIMARY KEY AUTOINCREMENT,
            id      TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL,
            type    TEXT NOT NULL,
            created INTEGER NOT NULL,
            json    TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS stripe_events_account ON stripe_events (account, seq);

        CREATE TABLE IF NOT EXISTS idempotency (
            account     TEXT NOT NULL,
            key         TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            request_id  TEXT NOT NULL,
            status      INTEGER NOT NULL,
            body        TEXT NOT NULL,
            created     INTEGER NOT NULL,
            PRIMARY KEY (account, key)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS idempotency_created ON idempotency (created);

        -- A row leaves when its receiver has answered 2xx; gave_up rows stay, as what Stripe lists with delivery_success=false.
        CREATE TABLE IF NOT EXISTS webhook_queue (
            id        INTEGER PRIMARY KEY AUTOINCREMENT,
            sender    TEXT NOT NULL,
            event_id  TEXT,
            endpoint  TEXT,
            body      TEXT,
            created   INTEGER NOT NULL,
            due_at    INTEGER NOT NULL,
            attempts  INTEGER NOT NULL DEFAULT 0,
            answer    TEXT,
            gave_up   INTEGER NOT NULL DEFAULT 0);
        CREATE INDEX IF NOT EXISTS webhook_queue_due ON webhook_queue (sender, gave_up, due_at);
        CREATE INDEX IF NOT EXISTS webhook_queue_event ON webhook_queue (event_id);

        -- One row for each call of mail/send; letters are put together when somebody reads them.
        CREATE TABLE IF NOT EXISTS mails (
            id         INTEGER PRIMARY KEY AUTOINCREMENT,
            account    TEXT NOT NULL,
            message_id TEXT NOT NULL,
            at         INTEGER NOT NULL,
            due_at     INTEGER NOT NULL,
            reported   INTEGER NOT NULL DEFAULT 0,
            template   BLOB NOT NULL);
        CREATE INDEX IF NOT EXISTS mails_unreported ON mails (due_at) WHERE reported = 0;

        CREATE TABLE IF NOT EXISTS mail_recipients (
            id              INTEGER PRIMARY KEY AUTOINCREMENT,
            mail_id         INTEGER NOT NULL,
            address         TEXT NOT NULL,
            personalization BLOB NOT NULL);
        CREATE INDEX IF NOT EXISTS mail_recipients_address ON mail_recipients (address, id);
        CREATE INDEX IF NOT EXISTS mail_recipients_mail ON mail_recipients (mail_id);
        """;
}
