//! The same work for many items, on every core.

use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sched::{sched_getaffinity, sched_getcpu, sched_setaffinity};
use nix::unistd::Pid;

/// Returns what `work` makes of each item, in their order.
///
/// `least` is how many items are worth a thread: fewer are done sooner than it is started.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], least: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = match items.len() / least {
        0 | 1 => 1,
        useful => std::thread::available_parallelism().map_or(1, |cores| cores.get().min(useful)),
    };
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return done;
            };
            done.push((index, work(item)));
        }
    };
    let here = sched_getcpu().ok();
    let start = || {
        if let Some(here) = here {
            leave(here);
        }
        take()
    };
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(start)).collect();
        if !others.is_empty() {
            // One that waits for this core is let on it, to leave it.
            std::thread::yield_now();
        }
        let mut all = take();
        for other in others {
            match other.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, made)| made).collect()
}

/// Moves this thread to another core than `taken`, if it is there.
///
/// A new thread may begin behind the one that started it, and the two of them share a core for as long as it takes the
/// kernel to see that another one is idle, which is longer than most work here. Where it goes from there is the
/// kernel's affair again.
fn leave(taken: usize) {
    let this = Pid::from_raw(0);
    if sched_getcpu() != Ok(taken) {
        return;
    }
    let Ok(allowed) = sched_getaffinity(this) else {
        return;
    };
    let mut others = allowed;
    // Where there is no other, the kernel refuses, and all stays as it is.
    if others.unset(taken).is_ok() && sched_setaffinity(this, &others).is_ok() {
        let _: nix::Result<()> = sched_setaffinity(this, &allowed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_stays() {
        for count in [0, 1, 7, 1_000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(map(&items, 4, |item| item * 2), doubled);
        }
    }
}
