//! All streams of one kind of machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{InputId, Machine, Sequence, Standing, StreamId, machine::replay};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::clock::Clock;
use crate::driver::{Chain, Driver, Intent, SubmitError, encode};
use crate::log::{Append, AppendError, EventLog, Recorded, StoreError};
use crate::performer::{Inputs, Performer};
use crate::tail::Tail;

/// How often it is looked for drivers that have stopped.
const TEND_EVERY: Duration = Duration::from_secs(1);

/// How many intents may wait at one stream.
const INTENTS_WAITING: usize = 64;

/// The streams of one kind of machine and the drivers of those that are not over.
pub struct Domain<M: Machine, P> {
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    performer: Arc<P>,
    live: Mutex<BTreeMap<StreamId, Handle<M>>>,
    beginning: Mutex<()>,
}

/// A live stream: its state, its events, and the way in for intents.
#[derive(Debug)]
pub struct Handle<M: Machine> {
    stream: StreamId,
    intents: mpsc::Sender<Intent<M>>,
    state: watch::Receiver<Arc<M>>,
    head: watch::Receiver<Sequence>,
    trouble: watch::Receiver<Option<String>>,
    driver: Arc<AbortOnDropHandle<()>>,
}

impl<M: Machine> Clone for Handle<M> {
    fn clone(&self) -> Self {
        Self {
            stream: self.stream.clone(),
            intents: self.intents.clone(),
            state: self.state.clone(),
            head: self.head.clone(),
            trouble: self.trouble.clone(),
            driver: Arc::clone(&self.driver),
        }
    }
}

/// Why a stream could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store failed.
    #[error("the stream could not be read")]
    Store(#[from] StoreError),
    /// An event is of a later version or was damaged; the stream is refused rather than guessed.
    #[error(
        "event {sequence} (`{name}`, version {version}) of stream `{stream}` cannot be read by this version of lockgate"
    )]
    Unreadable {
        /// The stream.
        stream: StreamId,
        /// The event's place.
        sequence: Sequence,
        /// The event's name.
        name: String,
        /// The version that wrote it.
        version: u32,
        /// What was wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The stream exists already.
    #[error("stream `{0}` exists already")]
    Exists(StreamId),
}

impl<M: Machine> Handle<M> {
    /// Returns the stream.
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// Returns the present state.
    pub fn state(&self) -> Arc<M> {
        self.state.borrow().clone()
    }

    /// Returns a receiver of every new state; states in between may be skipped.
    pub fn states(&self) -> watch::Receiver<Arc<M>> {
        self.state.clone()
    }

    /// Returns a receiver of why the log cannot be written at present, in words; `None` while it can.
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.clone()
    }

    /// Submits an intent and returns where its events end. The same id again does nothing.
    ///
    /// # Errors
    /// Returns the machine's refusal, or why it could not be recorded.
    pub async fn submit(&self, input: M::Input, id: InputId) -> Result<Sequence, SubmitError<M::Rejection>> {
        let (reply, answer) = oneshot::channel();
        self.intents
            .send(Intent { input, id, reply })
            .await
            .map_err(|_| SubmitError::Closed)?;
        answer.await.unwrap_or(Err(SubmitError::Closed))
    }

    /// Returns a stream that is over: it can be read, and nothing drives it.
    fn at_rest(stream: &StreamId, machine: M, sequence: Sequence) -> Self {
        Self {
            stream: stream.clone(),
            intents: mpsc::channel(1).0,
            state: watch::channel(Arc::new(machine)).1,
            head: watch::channel(sequence).1,
            trouble: watch::channel(None).1,
            driver: Arc::new(AbortOnDropHandle::new(tokio::spawn(std::future::ready(())))),
        }
    }

    /// Returns whether its driver has ended before the machine was over.
    fn has_stopped(&self) -> bool {
        self.intents.is_closed() && self.state().standing() != Standing::Over
    }

    /// Returns when the machine is over, or its driver has stopped, with its last state.
    pub async fn finished(&self) -> Arc<M> {
        let mut states = self.state.clone();
        match states.wait_for(|machine| machine.standing() == Standing::Over).await {
            Ok(state) => state.clone(),
            Err(_) => self.state(),
        }
    }
}

impl<M, P> Domain<M, P>
where
    M: Machine,
    M::Id: From<StreamId>,
    P: Performer<M>,
{
    /// Returns the domain and drives every stream that is not over.
    ///
    /// A stream that cannot be read is left alone: it must not take the others down with it.
    ///
    /// # Errors
    /// Returns what the store said.
    pub async fn open(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, performer: Arc<P>) -> Result<Self, OpenError> {
        let domain = Self::idle(log, clock, performer);
        for head in domain.log.heads(M::KIND).await? {
            match domain.get(&head.stream).await {
                Ok(_) => {}
                Err(OpenError::Store(error)) => return Err(error.into()),
                Err(error) => tracing::error!(error = %Chain(&error), "a stream is left alone"),
            }
        }
        Ok(domain)
    }

    /// Drives again what has stopped before it was over, for as long as the domain lives.
    pub async fn tend(&self) {
        loop {
            tokio::time::sleep(TEND_EVERY).await;
            let stopped: Vec<StreamId> = {
                let live = self.live.lock().await;
                live.values()
                    .filter(|handle| handle.has_stopped())
                    .map(|handle| handle.stream.clone())
                    .collect()
            };
            for stream in stopped {
                tracing::error!(%stream, "its driver has stopped; another takes over");
                if let Err(error) = self.get(&stream).await {
                    tracing::error!(error = %Chain(&error), "the stream cannot be driven");
                }
            }
        }
    }

    /// Returns the domain without driving anything yet.
    pub fn idle(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, performer: Arc<P>) -> Self {
        Self {
            log,
            clock,
            performer,
            live: Mutex::new(BTreeMap::new()),
            beginning: Mutex::new(()),
        }
    }

    /// Returns the streams of this kind.
    ///
    /// # Errors
    /// Returns what the store said.
    pub async fn streams(&self) -> Result<Vec<StreamId>, StoreError> {
        Ok(self
            .log
            .heads(M::KIND)
            .await?
            .into_iter()
            .map(|head| head.stream)
            .collect())
    }

    /// Begins a stream with its first event, and drives it.
    ///
    /// # Errors
    /// Returns [`OpenError::Exists`] when there is one of this name.
    pub async fn begin(&self, stream: &StreamId, start: M::Start) -> Result<Handle<M>, OpenError> {
        // A claim fences the stream's driver, so nothing is claimed before it is known that there is none.
        let _turn = self.beginning.lock().await;
        if self.get(stream).await?.is_some() {
            return Err(OpenError::Exists(stream.clone()));
        }
        let now = self.clock.now();
        let first = M::create(start, now.clone());
        let owner = self.log.claim(stream).await?;
        let append = Append {
            stream: stream.clone(),
            expected: Sequence(0),
            owner,
            input: None,
            events: vec![encode::<M>(&first, now.wall)?],
        };
        match self.log.append(append).await {
            Ok(_) => {}
            Err(AppendError::Store(error)) => return Err(error.into()),
            Err(_) => return Err(OpenError::Exists(stream.clone())),
        }
        self.get(stream).await?.ok_or_else(|| OpenError::Exists(stream.clone()))
    }

    /// Returns the live stream of this name, loading it when need be; `None` when there is none.
    ///
    /// # Errors
    /// Returns why it could not be read.
    pub async fn get(&self, stream: &StreamId) -> Result<Option<Handle<M>>, OpenError> {
        let mut live = self.live.lock().await;
        if let Some(handle) = live.get(stream)
            && !handle.has_stopped()
        {
            return Ok(Some(handle.clone()));
        }
        let Some((machine, sequence)) = self.load(stream).await? else {
            return Ok(None);
        };
        if machine.standing() == Standing::Over && machine.effects().is_empty() {
            // Its driver may have died between its last event and this.
            self.performer.forget(stream);
            return Ok(Some(Handle::at_rest(stream, machine, sequence)));
        }
        let handle = self.drive(stream, machine, sequence).await?;
        live.insert(stream.clone(), handle.clone());
        Ok(Some(handle))
    }

    /// Returns the events of a stream.
    ///
    /// # Errors
    /// Returns why they could not be read.
    pub async fn events(&self, stream: &StreamId) -> Result<Vec<M::Event>, OpenError> {
        let recorded = self.log.read(stream, Sequence(0)).await?;
        recorded.iter().map(|recorded| decode::<M>(stream, recorded)).collect()
    }

    /// Returns a reader of the stream's events behind `after` and of what comes.
    pub fn tail(&self, handle: &Handle<M>, after: Sequence) -> Tail {
        Tail::new(Arc::clone(&self.log), handle.stream.clone(), after, handle.head.clone())
    }

    async fn load(&self, stream: &StreamId) -> Result<Option<(M, Sequence)>, OpenError> {
        let events = self.events(stream).await?;
        let sequence = Sequence(events.len() as u64);
        Ok(replay::<M>(M::Id::from(stream.clone()), &events).map(|machine| (machine, sequence)))
    }

    async fn drive(&self, stream: &StreamId, machine: M, sequence: Sequence) -> Result<Handle<M>, OpenError> {
        let owner = self.log.claim(stream).await?;
        let (inputs, results) = Inputs::channel();
        let (intents_in, intents) = mpsc::channel(INTENTS_WAITING);
        let (state, states) = watch::channel(Arc::new(machine.clone()));
        let (head, heads) = watch::channel(sequence);
        let (trouble, troubles) = watch::channel(None);
        let driver = Driver {
            log: Arc::clone(&self.log),
            clock: Arc::clone(&self.clock),
            performer: Arc::clone(&self.performer),
            stream: stream.clone(),
            owner,
            machine,
            sequence,
            state,
            head,
            trouble,
            inputs,
            results,
            intents,
            tasks: BTreeMap::new(),
        };
        let task = Arc::new(AbortOnDropHandle::new(tokio::spawn(driver.drive())));
        Ok(Handle {
            stream: stream.clone(),
            intents: intents_in,
            state: states,
            head: heads,
            trouble: troubles,
            driver: task,
        })
    }
}

/// Returns the event as its machine knows it.
///
/// # Errors
/// Returns [`OpenError::Unreadable`] when it is unknown.
pub fn decode<M: Machine>(stream: &StreamId, recorded: &Recorded) -> Result<M::Event, OpenError> {
    serde_json::from_str(&recorded.event.body).map_err(|source| OpenError::Unreadable {
        stream: stream.clone(),
        sequence: recorded.sequence,
        name: recorded.event.name.clone(),
        version: recorded.event.version,
        source,
    })
}
