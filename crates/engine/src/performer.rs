//! The outside world as a port.

use std::collections::BTreeMap;
use std::future::Future;

use lockgate_core::{EffectKey, Machine, Sequence, StreamId};
use tokio::sync::mpsc;

use crate::log::OwnerEpoch;

/// Makes the effects of one kind of machine true.
///
/// Every call is an *ensure*: it attaches to what is there. A future may be dropped at
/// any await; dropping it never ends the thing outside.
pub trait Performer<M: Machine>: Send + Sync + 'static {
    /// Performs one effect and sends its results, until there is nothing more to tell.
    ///
    /// When it returns while the effect still stands, it is called again at the next reconciliation.
    fn perform(&self, task: Task<M>) -> impl Future<Output = ()> + Send;

    /// Ends what is there outside for `stream` and in no effect: what a lost decision left behind.
    fn sweep(&self, stream: &StreamId, effects: &BTreeMap<EffectKey, M::Effect>) -> impl Future<Output = ()> + Send;

    /// Forgets what is kept for a stream that is over, by this process or by one before it.
    ///
    /// It is called again whenever such a stream is opened, so it does nothing when there is nothing left.
    fn forget(&self, _stream: &StreamId) {}
}

/// One effect to perform.
#[derive(Debug)]
pub struct Task<M: Machine> {
    /// The stream that wants it.
    pub stream: StreamId,
    /// Its name.
    pub key: EffectKey,
    /// What ought to be true.
    pub effect: M::Effect,
    /// Orders this decision among all others of the stream.
    pub fence: Fence,
    /// Where results go.
    pub inputs: Inputs<M>,
}

/// Orders decisions, so that a stale one is refused by whoever carries it out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence {
    /// The epoch of the store.
    pub store: u64,
    /// The epoch of the stream's owner.
    pub owner: OwnerEpoch,
    /// The event that decided.
    pub sequence: Sequence,
}

/// Sends results to the driver of one stream.
#[derive(Debug)]
pub struct Inputs<M: Machine> {
    sender: mpsc::UnboundedSender<M::Input>,
}

impl<M: Machine> Clone for Inputs<M> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
        }
    }
}

impl<M: Machine> Inputs<M> {
    /// Returns a sender and the receiver of what it sends.
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<M::Input>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender }, receiver)
    }

    /// Returns the sending end itself, for a port that knows channels and not the engine.
    pub fn sender(&self) -> &mpsc::UnboundedSender<M::Input> {
        &self.sender
    }

    /// Sends a result. A driver that has ended does not need it any more.
    pub fn send(&self, input: M::Input) {
        if self.sender.send(input).is_err() {
            tracing::debug!("a result came after its driver had ended");
        }
    }
}
