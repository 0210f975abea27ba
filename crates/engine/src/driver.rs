//! The loop that feeds one machine.
//!
//! One task per stream owns the state, so nothing is locked: intents and results come in by
//! channel, and are decided one after the other. Results that wait together are appended together.
//!
//! A log that cannot be written holds its stream up and loses nothing: what was decided is tried again until it
//! is written, and meanwhile [`Driver::trouble`] tells why.
//!
//! Invariants: an event is durable before it is visible; a broken invariant appends
//! [`Machine::frozen`] in place of the decision; a driver that was fenced decides nothing more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::{EffectKey, InputId, Machine, Sequence, Standing, StreamId};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::clock::Clock;
use crate::log::{Append, AppendError, EventLog, NewEvent, OwnerEpoch, StoreError};
use crate::performer::{Fence, Inputs, Performer, Task};

/// How often the effects are compared with what runs, beyond every change.
const RECONCILE_EVERY: Duration = Duration::from_secs(10);
/// How long the start waits for the end of what nobody wants.
const SWEEP_LIMIT: Duration = Duration::from_secs(15);
/// How long to wait before an append is tried again when the store fails.
const STORE_RETRY: Duration = Duration::from_millis(500);

/// Why an intent was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError<R: std::fmt::Display + std::fmt::Debug> {
    /// The machine refused it, in words.
    #[error("{0}")]
    Rejected(R),
    /// The store failed; nothing was changed.
    #[error("the intent could not be recorded")]
    Store(#[source] StoreError),
    /// Another driver owns the stream now.
    #[error("another driver has taken over this stream; try again")]
    Fenced,
    /// The driver is ending.
    #[error("the driver is shutting down; try again")]
    Closed,
}

pub(crate) struct Intent<M: Machine> {
    pub(crate) input: M::Input,
    pub(crate) id: InputId,
    pub(crate) reply: oneshot::Sender<Result<Sequence, SubmitError<M::Rejection>>>,
}

pub(crate) struct Driver<M: Machine, P> {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) performer: Arc<P>,
    pub(crate) stream: StreamId,
    pub(crate) owner: OwnerEpoch,
    pub(crate) machine: M,
    pub(crate) sequence: Sequence,
    pub(crate) state: watch::Sender<Arc<M>>,
    pub(crate) head: watch::Sender<Sequence>,
    pub(crate) trouble: watch::Sender<Option<String>>,
    pub(crate) inputs: Inputs<M>,
    pub(crate) results: mpsc::UnboundedReceiver<M::Input>,
    pub(crate) intents: mpsc::Receiver<Intent<M>>,
    pub(crate) tasks: BTreeMap<EffectKey, Running<M::Effect>>,
}

pub(crate) struct Running<E> {
    effect: E,
    task: AbortOnDropHandle<()>,
}

/// Why the effects are compared with what runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// The effects may have changed.
    Change,
    /// Some time has passed.
    Tick,
}

enum Appended {
    Done,
    Nothing,
    Duplicate(Sequence),
    Fenced,
}

impl<M: Machine, P: Performer<M>> Driver<M, P> {
    /// Drives until the machine is over, a newer owner takes the stream, or the handle is gone.
    pub(crate) async fn drive(mut self) {
        let sweep = self.performer.sweep(&self.stream, self.machine.effects());
        if tokio::time::timeout(SWEEP_LIMIT, sweep).await.is_err() {
            tracing::warn!(stream = %self.stream, "what nobody wants could not be ended in time");
        }
        self.reconcile(Occasion::Change);
        let mut tick = tokio::time::interval(RECONCILE_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        tick.reset();
        while self.machine.standing() != Standing::Over || !self.machine.effects().is_empty() {
            let owned = tokio::select! {
                Some(input) = self.results.recv() => self.take_results(input).await,
                intent = self.intents.recv() => match intent {
                    Some(intent) => self.take_intent(intent).await,
                    None => false,
                },
                _ = tick.tick() => { self.reconcile(Occasion::Tick); true }
            };
            if !owned {
                return;
            }
        }
        self.performer.forget(&self.stream);
        self.refuse_the_rest();
    }

    /// A machine that is over answers what still waits, so that nobody waits for ever.
    fn refuse_the_rest(&mut self) {
        self.intents.close();
        while let Ok(intent) = self.intents.try_recv() {
            let now = self.clock.now();
            let answer = match self.machine.decide(intent.input, now) {
                Err(rejection) => Err(SubmitError::Rejected(rejection)),
                Ok(_) => Err(SubmitError::Closed),
            };
            drop(intent.reply.send(answer));
        }
    }

    async fn take_results(&mut self, first: M::Input) -> bool {
        let now = self.clock.now();
        let mut state = self.machine.clone();
        let mut events = Vec::new();
        let mut next = Some(first);
        while let Some(input) = next {
            match state.decide(input, now.clone()) {
                Ok(decided) => {
                    for event in &decided {
                        state.evolve(event);
                    }
                    events.extend(decided);
                }
                Err(rejection) => tracing::warn!(stream = %self.stream, %rejection, "a result was refused"),
            }
            next = if events.len() < 256 {
                self.results.try_recv().ok()
            } else {
                None
            };
        }
        loop {
            let appended = self.append(state.clone(), events.clone(), None).await;
            self.tell_trouble(appended.as_ref().err());
            match appended {
                Ok(Appended::Fenced) => return false,
                Ok(_) => return true,
                Err(error) => {
                    self.refuse_meanwhile(&error);
                    tokio::time::sleep(STORE_RETRY).await;
                }
            }
        }
    }

    /// Tells those who follow the stream why it stands still, or that it goes on.
    fn tell_trouble(&self, error: Option<&StoreError>) {
        let trouble = error.map(|error| Chain(error).to_string());
        self.trouble.send_if_modified(|told| {
            let is_new = *told != trouble;
            match &trouble {
                Some(words) if is_new => {
                    tracing::error!(stream = %self.stream, error = words, "the log cannot be written; tried again until it can");
                }
                None if is_new => tracing::info!(stream = %self.stream, "the log can be written again"),
                _ => {}
            }
            *told = trouble;
            is_new
        });
    }

    /// Answers the intents that wait while the log cannot be written, so that nobody waits for ever.
    fn refuse_meanwhile(&mut self, error: &StoreError) {
        while let Ok(intent) = self.intents.try_recv() {
            let error = StoreError {
                doing: "write to the event log".into(),
                source: Chain(error).to_string().into(),
            };
            drop(intent.reply.send(Err(SubmitError::Store(error))));
        }
    }

    async fn take_intent(&mut self, intent: Intent<M>) -> bool {
        let mut state = self.machine.clone();
        let events = match state.decide(intent.input, self.clock.now()) {
            Ok(events) => events,
            Err(rejection) => {
                let answer = self
                    .was_done_before(&intent.id)
                    .await
                    .ok_or(SubmitError::Rejected(rejection));
                drop(intent.reply.send(answer));
                return true;
            }
        };
        for event in &events {
            state.evolve(event);
        }
        let (answer, owned) = match self.append(state, events, Some(intent.id)).await {
            Ok(Appended::Done | Appended::Nothing) => (Ok(self.sequence), true),
            Ok(Appended::Duplicate(at)) => (Ok(at), true),
            Ok(Appended::Fenced) => (Err(SubmitError::Fenced), false),
            Err(error) => (Err(SubmitError::Store(error)), true),
        };
        drop(intent.reply.send(answer));
        owned
    }

    /// Returns where the events of an intent end that is sent a second time.
    ///
    /// An empty append with the intent's id asks the log without changing it.
    async fn was_done_before(&self, id: &InputId) -> Option<Sequence> {
        let probe = Append {
            stream: self.stream.clone(),
            expected: self.sequence,
            owner: self.owner,
            input: Some(id.clone()),
            events: Vec::new(),
        };
        match self.log.append(probe).await {
            Err(AppendError::Duplicate { at }) => Some(at),
            _ => None,
        }
    }

    async fn append(
        &mut self,
        evolved: M,
        events: Vec<M::Event>,
        input: Option<InputId>,
    ) -> Result<Appended, StoreError> {
        if events.is_empty() {
            return Ok(Appended::Nothing);
        }
        let (evolved, events) = self.checked(evolved, events);
        let append = Append {
            stream: self.stream.clone(),
            expected: self.sequence,
            owner: self.owner,
            input,
            events: self.encode(&events)?,
        };
        match self.log.append(append).await {
            Ok(head) => {
                self.sequence = head;
                self.machine = evolved;
                self.state.send_replace(Arc::new(self.machine.clone()));
                self.head.send_replace(head);
                self.reconcile(Occasion::Change);
                Ok(Appended::Done)
            }
            Err(AppendError::Duplicate { at }) => Ok(Appended::Duplicate(at)),
            Err(error @ (AppendError::Fenced { .. } | AppendError::Conflict { .. })) => {
                tracing::warn!(stream = %self.stream, %error, "this driver no longer owns the stream");
                Ok(Appended::Fenced)
            }
            Err(AppendError::Store(error)) => Err(error),
        }
    }

    /// Returns the decision, or the freeze that takes its place when an invariant would break.
    fn checked(&self, evolved: M, events: Vec<M::Event>) -> (M, Vec<M::Event>) {
        let Err(broken) = evolved.check() else {
            return (evolved, events);
        };
        tracing::error!(stream = %self.stream, %broken, "a decision would break an invariant; the stream is frozen");
        let frozen = M::frozen(&broken, self.clock.now());
        let mut machine = self.machine.clone();
        machine.evolve(&frozen);
        (machine, vec![frozen])
    }

    fn encode(&self, events: &[M::Event]) -> Result<Vec<NewEvent>, StoreError> {
        let at = self.clock.now().wall;
        events.iter().map(|event| encode::<M>(event, at)).collect()
    }

    /// Makes the running tasks those that the effects want.
    fn reconcile(&mut self, occasion: Occasion) {
        let wanted = self.machine.effects();
        self.tasks
            .retain(|key, running| wanted.get(key) == Some(&running.effect));
        for (key, effect) in wanted {
            // A finished task has sent its result, which may still wait in the queue; only if the effect still stands at a
            // tick was the result lost, or could not be had.
            let settled = |running: &Running<M::Effect>| occasion == Occasion::Change || !running.task.is_finished();
            if self.tasks.get(key).is_some_and(settled) {
                continue;
            }
            let task = Task {
                stream: self.stream.clone(),
                key: key.clone(),
                effect: effect.clone(),
                fence: Fence {
                    store: self.log.epoch(),
                    owner: self.owner,
                    sequence: self.sequence,
                },
                inputs: self.inputs.clone(),
            };
            let performer = Arc::clone(&self.performer);
            let task = AbortOnDropHandle::new(tokio::spawn(async move { performer.perform(task).await }));
            self.tasks.insert(
                key.clone(),
                Running {
                    effect: effect.clone(),
                    task,
                },
            );
        }
    }
}

/// Returns an event as the log keeps it.
pub(crate) fn encode<M: Machine>(event: &M::Event, at: lockgate_core::Timestamp) -> Result<NewEvent, StoreError> {
    let body = serde_json::to_string(event).map_err(|source| StoreError {
        doing: "write an event as JSON".into(),
        source: source.into(),
    })?;
    Ok(NewEvent {
        name: M::event_name(event).to_owned(),
        version: M::VERSION,
        at,
        body,
    })
}

/// Prints an error with its causes.
pub struct Chain<'a>(pub &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
