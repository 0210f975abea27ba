//! The ways in which the shell asks a command to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Failure;

/// Ctrl-C, `kill`, and a terminal that was closed: they all mean the same to a run.
///
/// What was ignored when this process began stays ignored: `nohup` and a shell's background
/// jobs mean it so.
pub(crate) struct Interrupts {
    signals: [Option<Signal>; 3],
}

impl Interrupts {
    /// Takes the signals over: from now on they do not end this process. To be called once.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let ignored = ignored();
        let listen = |kind: SignalKind| {
            if ignored & (1 << (kind.as_raw_value() - 1)) != 0 {
                return Ok(None);
            }
            let heard = signal(kind).map(Some);
            heard.map_err(|error| Failure::unavailable("listen for signals").because(&error))
        };
        Ok(Self {
            signals: [
                listen(SignalKind::interrupt())?,
                listen(SignalKind::terminate())?,
                listen(SignalKind::hangup())?,
            ],
        })
    }

    /// Returns at the next one.
    pub(crate) async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(terminate) => {}
            () = heard(hangup) => {}
        }
    }
}

async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Returns the set of ignored signals as the kernel has it: bit N-1 for signal N.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
