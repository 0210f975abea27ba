//! The event log in SQLite.
//!
//! All appends pass one writer ([`writer`]), which commits whatever waits together in one
//! transaction (group commit): one fsync serves many streams. Readers have connections of
//! their own and see only what is committed (WAL). The file is its owner's alone, and SQLite makes its companions alike.

use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::{BoxFuture, FutureExt};
use lockgate_core::{Sequence, StreamId, Timestamp};
use lockgate_engine::log::{Append, AppendError, EventLog, Head, NewEvent, OwnerEpoch, Recorded, StoreError};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

mod writer;

use writer::Writer;

/// What makes the tables, step by step.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a writer waits for another process that writes.
const BUSY: Duration = Duration::from_secs(10);

/// What an acknowledged append survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The loss of power; for environments.
    Power,
    /// The death of every process, not the loss of power; for runs.
    Process,
}

/// The event log in one SQLite file.
#[derive(Debug)]
pub struct SqliteLog {
    pool: SqlitePool,
    writer: Writer,
    epoch: u64,
}

impl SqliteLog {
    /// Opens the log at `path`, creating it when it is not there.
    ///
    /// # Errors
    /// Returns what SQLite said, with the path.
    pub async fn open(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let doing = || format!("open the event log `{}`", path.display());
        let synchronous = match durability {
            Durability::Power => SqliteSynchronous::Full,
            Durability::Process => SqliteSynchronous::Normal,
        };
        private(path).map_err(failed(doing()))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.clone())
            .await
            .map_err(failed(doing()))?;
        let epoch = if let Some(epoch) = Self::present_epoch(&pool).await {
            epoch
        } else {
            let turn = turn(path).await.map_err(failed(doing()))?;
            MIGRATIONS.run(&pool).await.map_err(failed(doing()))?;
            drop(turn);
            Self::settle_epoch(&pool).await.map_err(failed(doing()))?
        };
        let writer = Writer::start(options).await.map_err(failed(doing()))?;
        Ok(Self { pool, writer, epoch })
    }

    /// Waits until what was handed over is written, and lets go of the file.
    pub async fn close(self) {
        drop(self.writer);
        self.pool.close().await;
    }

    /// Returns the epoch when the tables are as this version has them, so that opening writes nothing.
    async fn present_epoch(pool: &SqlitePool) -> Option<u64> {
        let newest = MIGRATIONS.iter().map(|migration| migration.version).max()?;
        let row = sqlx::query(
            "SELECT epoch, (SELECT max(version) FROM _sqlx_migrations),
                    (SELECT count(*) FROM _sqlx_migrations WHERE success) FROM store",
        )
        .fetch_optional(pool)
        .await
        .ok()??;
        let applied = usize::try_from(row.get::<i64, _>(2)).ok();
        let known = row.get::<Option<i64>, _>(1) == Some(newest) && applied == Some(MIGRATIONS.iter().count());
        known.then(|| row.get::<i64, _>(0).cast_unsigned())
    }

    async fn settle_epoch(pool: &SqlitePool) -> Result<u64, sqlx::Error> {
        let created = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        sqlx::query("INSERT INTO store (only, epoch) VALUES (1, ?) ON CONFLICT DO NOTHING")
            .bind(i64::try_from(created).unwrap_or(i64::MAX))
            .execute(pool)
            .await?;
        let row = sqlx::query("SELECT epoch FROM store").fetch_one(pool).await?;
        Ok(row.get::<i64, _>(0).cast_unsigned())
    }
}

impl EventLog for SqliteLog {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Sequence, AppendError>> {
        self.writer.append(append).boxed()
    }

    fn read<'a>(&'a self, stream: &'a StreamId, after: Sequence) -> BoxFuture<'a, Result<Vec<Recorded>, StoreError>> {
        async move {
            let rows = sqlx::query(
                "SELECT sequence, name, version, at, body FROM event WHERE stream = ? AND sequence > ? ORDER BY sequence",
            )
            .bind(stream.as_str())
            .bind(after.0.cast_signed())
            .fetch_all(&self.pool)
            .await
            .map_err(failed(format!("read stream `{stream}`")))?;
            Ok(rows.iter().map(recorded).collect())
        }
        .boxed()
    }

    fn heads<'a>(&'a self, kind: &'a str) -> BoxFuture<'a, Result<Vec<Head>, StoreError>> {
        async move {
            let rows = sqlx::query("SELECT name, head FROM stream WHERE kind = ? AND head > 0 ORDER BY name")
                .bind(kind)
                .fetch_all(&self.pool)
                .await
                .map_err(failed(format!("list the streams of kind `{kind}`")))?;
            let head = |row: &sqlx::sqlite::SqliteRow| Head {
                stream: StreamId::parse(row.get::<String, _>(0)),
                sequence: Sequence(row.get::<i64, _>(1).cast_unsigned()),
            };
            Ok(rows.iter().map(head).collect())
        }
        .boxed()
    }

    fn claim<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<OwnerEpoch, StoreError>> {
        self.writer.claim(stream.clone()).boxed()
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }
}

/// Makes the file its owner's alone, whether it is there already or not.
fn private(path: &Path) -> std::io::Result<()> {
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        match std::fs::metadata(&file) {
            Ok(found) if found.mode() & 0o077 != 0 => {
                std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
            }
            _ => {}
        }
    }
    let created = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match created {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Returns the right to change the tables: SQLite's own locks do not cover a whole migration.
async fn turn(path: &Path) -> std::io::Result<std::fs::File> {
    let path = path.with_extension("lock");
    let locked = tokio::task::spawn_blocking(move || {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)?;
        file.lock()?;
        Ok(file)
    });
    locked.await.map_err(std::io::Error::other)?
}

fn recorded(row: &sqlx::sqlite::SqliteRow) -> Recorded {
    Recorded {
        sequence: Sequence(row.get::<i64, _>(0).cast_unsigned()),
        event: NewEvent {
            name: row.get(1),
            version: row.get::<i64, _>(2) as u32,
            at: Timestamp(row.get(3)),
            body: row.get(4),
        },
    }
}

fn failed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(doing: String) -> impl FnOnce(E) -> StoreError {
    move |source| StoreError {
        doing,
        source: source.into(),
    }
}
