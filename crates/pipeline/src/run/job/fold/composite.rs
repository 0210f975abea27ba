//! What the events of a composite action make of the job that is in it.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::Timestamp;

use super::Folding;
use crate::run::effect::StepPath;
use crate::run::environment::Variables;
use crate::run::event::{CompositeSpec, JobEvent};
use crate::run::job::frame::StepOutcome;
use crate::run::job::{Composite, Frame, JobState, StepRecord};
use crate::run::wanted::Timer;

impl JobState {
    /// Takes in what has happened to a composite action.
    pub(super) fn fold_composite(&mut self, event: &JobEvent, run: &mut Folding<'_>) {
        match event {
            JobEvent::CompositeEntered(spec) => self.composite_entered(spec, run),
            JobEvent::CompositeTimedOut { path, after } => self.composite_timed_out(path, *after, run),
            JobEvent::CompositeLeft {
                path,
                outputs,
                outcome,
                conclusion,
                reason,
                at,
            } => {
                run.wanted.unset(&Timer::StepTimeout(self.key.clone(), path.clone()));
                let ended = StepOutcome {
                    outcome: *outcome,
                    conclusion: *conclusion,
                };
                self.composite_left(path, outputs, ended, reason.as_deref(), *at);
            }
            _ => {}
        }
    }

    fn composite_entered(&mut self, spec: &Arc<CompositeSpec>, run: &mut Folding<'_>) {
        let Some((definition, directory)) = std::mem::take(&mut self.facts).action else {
            return;
        };
        let mut record = StepRecord::begun(&spec.step, self.place_of(&spec.step), spec.now.wall);
        record.notice.clone_from(&spec.notice);
        self.records.push(Arc::new(record));
        if let Some(timeout) = spec.timeout {
            let timer = Timer::StepTimeout(self.key.clone(), spec.step.path.clone());
            run.wanted.wake(timer, &spec.now, timeout);
        }
        self.frames.push(Frame::of_composite(Composite {
            spec: Arc::clone(spec),
            definition,
            directory,
        }));
    }

    fn composite_timed_out(&mut self, path: &StepPath, after: Duration, run: &mut Folding<'_>) {
        run.wanted.unset(&Timer::StepTimeout(self.key.clone(), path.clone()));
        let is_it = |frame: &Frame| {
            frame
                .composite()
                .is_some_and(|composite| composite.spec.step.path == *path)
        };
        let Some(outermost) = self.frames.iter().position(is_it) else {
            return;
        };
        for frame in &mut self.frames[outermost..] {
            frame.timed_out = Some(after);
        }
    }

    fn composite_left(
        &mut self,
        path: &StepPath,
        outputs: &Variables,
        ended: StepOutcome,
        reason: Option<&str>,
        at: Timestamp,
    ) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        if let Some(record) = self.record(path) {
            record.state = ended.state();
            record.reason = reason.map(str::to_owned);
            record.ended = Some(at);
        }
        if let Some(composite) = frame.composite() {
            self.advance(&composite.spec.step, outputs, ended);
        }
    }
}
