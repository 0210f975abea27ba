//! The one writer of a log file, with group commit.
//!
//! After any error its connection is thrown away and the next group opens another: a full disk makes SQLite end
//! the transaction by itself, which the connection's own count of transactions does not notice, so that it
//! would refuse to begin one ever again.

use std::sync::Arc;

use lockgate_core::{Sequence, StreamId};
use lockgate_engine::log::{Append, AppendError, OwnerEpoch, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};
use tokio::sync::{mpsc, oneshot};

/// The most requests that one transaction takes.
const GROUP: usize = 512;

/// Hands requests to the task that owns the writing connection.
#[derive(Debug)]
pub(super) struct Writer {
    requests: mpsc::UnboundedSender<Request>,
}

enum Request {
    Append(Append, oneshot::Sender<Result<Sequence, AppendError>>),
    Claim(StreamId, oneshot::Sender<Result<OwnerEpoch, StoreError>>),
}

enum Answer {
    Append(
        Result<Sequence, AppendError>,
        oneshot::Sender<Result<Sequence, AppendError>>,
    ),
    Claim(OwnerEpoch, oneshot::Sender<Result<OwnerEpoch, StoreError>>),
}

/// A cause that several waiting requests share.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
struct Shared(#[source] Arc<sqlx::Error>);

impl Writer {
    pub(super) async fn start(options: SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let connection = options.connect().await?;
        let (requests, waiting) = mpsc::unbounded_channel();
        let link = Link {
            options,
            connection: Some(connection),
        };
        tokio::spawn(write(link, waiting));
        Ok(Self { requests })
    }

    pub(super) async fn append(&self, append: Append) -> Result<Sequence, AppendError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.send(Request::Append(append, reply));
        match (sent, answer.await) {
            (Ok(()), Ok(answer)) => answer,
            _ => Err(gone().into()),
        }
    }

    pub(super) async fn claim(&self, stream: StreamId) -> Result<OwnerEpoch, StoreError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.send(Request::Claim(stream, reply));
        match (sent, answer.await) {
            (Ok(()), Ok(answer)) => answer,
            _ => Err(gone()),
        }
    }
}

/// The writing connection, and how to have another.
struct Link {
    options: SqliteConnectOptions,
    connection: Option<SqliteConnection>,
}

impl Link {
    /// Carries out the group; after an error the connection is gone, and with it whatever it had begun.
    async fn commit(&mut self, group: &mut Vec<Request>, answers: &mut Vec<Answer>) -> Result<(), sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let committed = commit(&mut connection, group, answers).await;
        match committed {
            Ok(()) => self.connection = Some(connection),
            // Waited for, so that its lock does not stand in the next one's way.
            Err(_) => drop(connection.close().await),
        }
        committed
    }
}

async fn write(mut link: Link, mut waiting: mpsc::UnboundedReceiver<Request>) {
    let mut group = Vec::new();
    while waiting.recv_many(&mut group, GROUP).await > 0 {
        let mut replies = Vec::with_capacity(group.len());
        match link.commit(&mut group, &mut replies).await {
            Ok(()) => replies.into_iter().for_each(Answer::send),
            Err(error) => {
                let cause = Shared(Arc::new(error));
                for answer in replies {
                    answer.fail(&cause);
                }
                for request in group.drain(..) {
                    request.fail(&cause);
                }
            }
        }
    }
    if let Some(connection) = link.connection {
        drop(connection.close().await);
    }
}

/// Carries out the group in one transaction; what is not yet answered stays in `group`.
async fn commit(
    connection: &mut SqliteConnection,
    group: &mut Vec<Request>,
    answers: &mut Vec<Answer>,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    group.reverse();
    while let Some(request) = group.pop() {
        match request {
            Request::Append(append, reply) => match apply(&mut transaction, &append).await {
                Ok(result) => answers.push(Answer::Append(result, reply)),
                Err(error) => {
                    group.push(Request::Append(append, reply));
                    return Err(error);
                }
            },
            Request::Claim(stream, reply) => match take(&mut transaction, &stream).await {
                Ok(owner) => answers.push(Answer::Claim(owner, reply)),
                Err(error) => {
                    group.push(Request::Claim(stream, reply));
                    return Err(error);
                }
            },
        }
    }
    transaction.commit().await
}

/// Appends within the group's transaction; a refusal changes nothing and does not disturb the others.
async fn apply(
    connection: &mut SqliteConnection,
    append: &Append,
) -> Result<Result<Sequence, AppendError>, sqlx::Error> {
    if let Some(input) = &append.input {
        let known = sqlx::query("SELECT at FROM input WHERE id = ?").bind(&input.0);
        if let Some(row) = known.fetch_optional(&mut *connection).await? {
            return Ok(Err(AppendError::Duplicate {
                at: Sequence(row.get::<i64, _>(0).cast_unsigned()),
            }));
        }
    }
    let standing = sqlx::query("SELECT head, owner FROM stream WHERE name = ?").bind(append.stream.as_str());
    let (head, owner) = match standing.fetch_optional(&mut *connection).await? {
        Some(row) => (
            Sequence(row.get::<i64, _>(0).cast_unsigned()),
            OwnerEpoch(row.get::<i64, _>(1).cast_unsigned()),
        ),
        None => (Sequence(0), OwnerEpoch(0)),
    };
    if owner != append.owner {
        return Ok(Err(AppendError::Fenced { current: owner }));
    }
    if head != append.expected {
        return Ok(Err(AppendError::Conflict {
            expected: append.expected,
            actual: head,
        }));
    }
    if append.events.is_empty() {
        return Ok(Ok(head));
    }
    insert(connection, append).await.map(Ok)
}

async fn insert(connection: &mut SqliteConnection, append: &Append) -> Result<Sequence, sqlx::Error> {
    for (event, sequence) in append.events.iter().zip(append.expected.0 + 1..) {
        sqlx::query("INSERT INTO event (stream, sequence, name, version, at, body) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(append.stream.as_str())
            .bind(sequence.cast_signed())
            .bind(&event.name)
            .bind(i64::from(event.version))
            .bind(event.at.0)
            .bind(&event.body)
            .execute(&mut *connection)
            .await?;
    }
    let head = append.expected.plus(append.events.len());
    sqlx::query("UPDATE stream SET head = ? WHERE name = ?")
        .bind(head.0.cast_signed())
        .bind(append.stream.as_str())
        .execute(&mut *connection)
        .await?;
    if let Some(input) = &append.input {
        sqlx::query("INSERT INTO input (id, stream, at) VALUES (?, ?, ?)")
            .bind(&input.0)
            .bind(append.stream.as_str())
            .bind(head.0.cast_signed())
            .execute(&mut *connection)
            .await?;
    }
    Ok(head)
}

async fn take(connection: &mut SqliteConnection, stream: &StreamId) -> Result<OwnerEpoch, sqlx::Error> {
    let row = sqlx::query(
        "INSERT INTO stream (name, kind, head, owner) VALUES (?, ?, 0, 1)
         ON CONFLICT (name) DO UPDATE SET owner = owner + 1 RETURNING owner",
    )
    .bind(stream.as_str())
    .bind(stream.kind())
    .fetch_one(connection)
    .await?;
    Ok(OwnerEpoch(row.get::<i64, _>(0).cast_unsigned()))
}

impl Answer {
    fn send(self) {
        match self {
            Self::Append(result, reply) => drop(reply.send(result)),
            Self::Claim(owner, reply) => drop(reply.send(Ok(owner))),
        }
    }

    fn fail(self, cause: &Shared) {
        match self {
            Self::Append(_, reply) => drop(reply.send(Err(not_written(cause.clone()).into()))),
            Self::Claim(_, reply) => drop(reply.send(Err(not_written(cause.clone())))),
        }
    }
}

impl Request {
    fn fail(self, cause: &Shared) {
        match self {
            Self::Append(_, reply) => drop(reply.send(Err(not_written(cause.clone()).into()))),
            Self::Claim(_, reply) => drop(reply.send(Err(not_written(cause.clone())))),
        }
    }
}

fn not_written(cause: Shared) -> StoreError {
    StoreError {
        doing: "write to the event log".into(),
        source: Box::new(cause),
    }
}

fn gone() -> StoreError {
    StoreError {
        doing: "write to the event log".into(),
        source: "its writer has ended".into(),
    }
}
