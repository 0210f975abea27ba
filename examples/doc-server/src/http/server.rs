use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Answer, Response, connection};

/// More connections than this are answered with 503.
const MOST_CONNECTIONS: usize = 2_000;
/// How long requests in flight may take after the stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Accepts connections until it is told to stop.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    state: Arc<State>,
}

/// Stops a [`Server`] from another thread.
pub struct StopHandle {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
pub(super) struct State {
    stopping: AtomicBool,
    open: Mutex<usize>,
    closed: Condvar,
}

impl Server {
    /// Listens on the loopback address; port 0 chooses a free port.
    pub fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            state: Arc::default(),
        })
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what stops it.
    pub fn stop_handle(&self) -> StopHandle {
        StopHandle {
            address: self.address,
            state: Arc::clone(&self.state),
        }
    }

    /// Serves until the stop, then returns when all requests in flight are answered.
    pub fn run<A: Answer>(self, service: &Arc<A>) {
        while !self.state.stopping() {
            match self.listener.accept() {
                Ok((stream, _)) => self.start(stream, service),
                // No descriptors, or a connection that was gone before it was accepted.
                Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        }
        // Who is already in the backlog was promised an answer: closing now would reset them.
        if self.listener.set_nonblocking(true).is_ok() {
            while let Ok((stream, _)) = self.listener.accept() {
                let _ = stream.set_nonblocking(false);
                self.start(stream, service);
            }
        }
        drop(self.listener);
        self.state.wait_until_closed();
    }

    fn start<A: Answer>(&self, stream: TcpStream, service: &Arc<A>) {
        let guard = Open::new(&self.state);
        if guard.number > MOST_CONNECTIONS {
            connection::turn_away(&stream, Response::error(503, "too many connections"));
            return;
        }
        let service = Arc::clone(service);
        // When no thread can be had, the closure and with it the connection is dropped.
        let _ = thread::Builder::new()
            .stack_size(256 * 1024)
            .spawn(move || connection::serve(&stream, &*service, &guard.state));
    }
}

impl StopHandle {
    /// Ends [`Server::run`] once all requests in flight are answered.
    pub fn stop(&self) {
        self.state.stopping.store(true, Ordering::SeqCst);
        // Wakes the accept that is waiting.
        let _ = TcpStream::connect(self.address);
    }
}

impl State {
    pub(super) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn wait_until_closed(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self
            .closed
            .wait_timeout_while(open, DRAIN, |open| *open > 0);
    }
}

/// Counts one open connection as long as it lives, also through a panic of its thread.
struct Open {
    state: Arc<State>,
    number: usize,
}

impl Open {
    fn new(state: &Arc<State>) -> Self {
        let mut open = state.open.lock().unwrap_or_else(PoisonError::into_inner);
        *open += 1;
        Self {
            state: Arc::clone(state),
            number: *open,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        *self
            .state
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner) -= 1;
        self.state.closed.notify_all();
    }
}
