//! How jobs of the plan ended, told by the jobs that stand for them.
//!
//! A job of several legs failed when one of them did, else it was cancelled when one of them was. A job that calls
//! succeeds also when jobs of the called workflow were skipped; whether it ran at all is told by one of them that runs
//! whenever it does, or by its condition once more.

use super::layout::Layout;
use super::rewriting::{Refusal, Rewriter, Statuses};
use super::site::Site;
use crate::expression::tree::{Call, Node};
use crate::expression::{Condition, Function, Value};
use crate::plan::Fate;

/// Up to so many jobs are asked one by one.
const FEW: usize = 3;

/// The most values that one `format` takes.
const MOST_VALUES: usize = 250;

impl Rewriter<'_> {
    /// Returns the result of the job at `place`.
    pub(super) fn result(&self, place: usize) -> Result<Node, Refusal> {
        let ids = self.layout.parts(place);
        self.spend_for(ids)?;
        if !self.layout.may_run(place) {
            return Ok(Node::text("skipped"));
        }
        self.check_calls(place)?;
        if let ([only], false) = (ids, self.layout.is_call(place)) {
            return Ok(result_of(only));
        }
        let otherwise = match (self.layout.is_call(place), self.sure(place)) {
            (false, _) => result_of(&ids[0]),
            (true, Some(sure)) if ids.len() == 1 => return Ok(result_of(sure)),
            (true, Some(sure)) => result_of(sure),
            (true, None) => Node::any([
                Node::all([self.ran(place)?, Node::text("success")]),
                Node::text("skipped"),
            ]),
        };
        let word = |word: &str| Node::all([any_ended(ids, word), Node::text(word)]);
        Ok(Node::any([word("failure"), word("cancelled"), otherwise]))
    }

    /// Returns an output of the job at `place`.
    pub(super) fn output(&self, place: usize, name: &str) -> Result<Node, Refusal> {
        self.spend_for(self.layout.parts(place))?;
        if !self.layout.may_run(place) {
            return Ok(Node::Literal(Value::Null));
        }
        self.check_calls(place)?;
        let values = if self.layout.is_call(place) {
            self.outputs_of_calls(place, name)?
        } else {
            let ids = self.layout.ids(place).iter().rev();
            ids.map(|id| Node::path("needs", &[id, "outputs", name])).collect()
        };
        if values.len() > 1 {
            let id = &self.layout.plan.jobs[place].id;
            self.notes.add(format!(
                "the output `{name}` of `{id}`, which is several jobs, is that of the last of them in this order that \
                 gives one; GitHub takes that of the last to end"
            ));
        }
        Ok(Node::any(values))
    }

    /// Returns an output of each call of a job, that which counts first.
    fn outputs_of_calls(&self, place: usize, name: &str) -> Result<Vec<Node>, Refusal> {
        let calls = self.layout.calls(place);
        let mut values = Vec::new();
        for call in calls {
            values.push(self.output_of_call(place, *call, name)?);
        }
        if calls.len() < 2 {
            return Ok(values);
        }
        let mut found = Vec::new();
        for (call, value) in calls.iter().zip(&values).rev() {
            let mut parts = Vec::new();
            if !self.is_surely_behind_success() {
                parts = well(&self.layout.parts_of_call(*call));
            }
            parts.push(value.clone());
            found.push(Node::all(parts));
        }
        // Of calls that failed, the first that gives one; they count when no other does.
        if !self.is_surely_behind_success() {
            found.extend(values);
        }
        Ok(found)
    }

    fn output_of_call(&self, place: usize, call: usize, name: &str) -> Result<Node, Refusal> {
        let plan = self.layout.plan;
        let called = plan.called.get(&plan.calls[call].workflow);
        let mut outputs = called.iter().flat_map(|called| &called.interface.outputs);
        let Some(output) = outputs.find(|output| output.name.eq_ignore_ascii_case(name)) else {
            return Ok(Node::Literal(Value::Null));
        };
        let value = self.at(Site::of_call(plan, call)).rewrite(&output.value.tree())?;
        let value = value.into_text();
        if self.is_surely_behind_success() || value.is_nothing_without_job() {
            return Ok(value);
        }
        // A call that did not begin has no outputs, whatever stands in them.
        Ok(Node::any([Node::all([self.ran(place)?, value]), Node::text("")]))
    }

    /// Checks that the job at `place` calls what it calls: nobody can read how it ends otherwise.
    fn check_calls(&self, place: usize) -> Result<(), Refusal> {
        self.layout.doubts.within(place).cloned().map_or(Ok(()), Err)
    }

    /// Returns whether the reader runs only when everything before it has succeeded.
    fn is_surely_behind_success(&self) -> bool {
        self.reader
            .is_some_and(|reader| !self.layout.runs_behind_failure(reader))
    }

    /// Returns whether the call that the job at `place` makes began.
    pub(super) fn ran(&self, place: usize) -> Result<Node, Refusal> {
        self.spend()?;
        self.check_calls(place)?;
        if let Some(sure) = self.sure(place) {
            return Ok(result_of(sure).differs("skipped"));
        }
        self.told(place, true)
    }

    /// Returns whether the job at `place` runs, or ran, by the results of those before it.
    pub(super) fn told(&self, place: usize, is_past: bool) -> Result<Node, Refusal> {
        self.spend()?;
        let statuses = Statuses::Named { place, is_past };
        let asks = self.layout.asks_status(place);
        let mut parts = Vec::new();
        if let Some(caller) = self.layout.caller(place)
            && (asks || self.layout.needs(place).is_empty())
        {
            parts.push(self.ran(caller)?);
        }
        if !asks {
            parts.push(self.success(place, is_past)?);
        }
        parts.push(self.own_condition(place, statuses)?);
        Ok(Node::all(parts).into_condition())
    }

    /// Returns the condition of the job at `place` itself.
    pub(super) fn own_condition(&self, place: usize, statuses: Statuses) -> Result<Node, Refusal> {
        let condition = self.layout.plan.definition(place).condition.as_ref();
        let is_met = self.layout.plan.jobs[place].fate == Fate::WillRun && !self.layout.asks_status(place);
        let Some(tree) = condition.filter(|_| !is_met).and_then(Condition::tree) else {
            return Ok(Node::Literal(Value::Boolean(true)));
        };
        let rewriter = Self {
            statuses,
            has_own_needs: self.has_own_needs && statuses == Statuses::Own && self.reader == Some(place),
            ..self.at(Site::of_job(self.layout.plan, place, None))
        };
        Ok(rewriter.rewrite(&tree)?.into_condition())
    }

    /// Returns what a status function answers.
    pub(super) fn status(&self, call: &Call) -> Result<Node, Refusal> {
        let Statuses::Named { place, is_past } = self.statuses else {
            return Ok(call.clone().into());
        };
        Ok(match call.function {
            Function::Success => self.success(place, is_past)?,
            Function::Failure => {
                let ancestors = self.layout.ancestors(place).into_iter();
                let ids: Vec<String> = ancestors.flat_map(|place| self.layout.parts(place)).cloned().collect();
                self.spend_for(&ids)?;
                any_ended(&ids, "failure")
            }
            Function::Cancelled if is_past => Node::Literal(Value::Boolean(false)),
            Function::Always => Node::Literal(Value::Boolean(true)),
            _ => call.clone().into(),
        })
    }

    /// Returns whether everything before the job at `place` succeeded.
    fn success(&self, place: usize, is_past: bool) -> Result<Node, Refusal> {
        let mut parts = Vec::new();
        if !is_past {
            parts.push(not_cancelled());
        }
        let mut seen = std::collections::BTreeSet::new();
        let mut open: Vec<usize> = self.layout.needs(place).to_vec();
        while let Some(need) = open.pop() {
            if !seen.insert(need) {
                continue;
            }
            parts.extend(self.succeeded(need)?);
            // The success of a job that waits for success says it of all before.
            if self.layout.asks_status(need) {
                open.extend(self.layout.needs(need));
            }
        }
        Ok(Node::all(parts))
    }

    /// Returns in parts whether the job at `place` succeeded.
    fn succeeded(&self, place: usize) -> Result<Vec<Node>, Refusal> {
        let ids = self.layout.parts(place);
        self.spend_for(ids)?;
        if !self.layout.may_run(place) {
            return Ok(vec![Node::Literal(Value::Boolean(false))]);
        }
        if self.layout.is_plain(place) {
            return Ok(ids.iter().map(|id| result_of(id).equals("success")).collect());
        }
        let mut parts = well(ids);
        parts.push(self.ran(place)?);
        Ok(parts)
    }

    /// Returns the id of a job that runs whenever the job at `place`, which calls, does; one that the reader waits for.
    fn sure(&self, place: usize) -> Option<&str> {
        let layout = self.layout;
        let reader = around(layout, self.reader?).find(|inner| layout.caller(*inner) == Some(place));
        let ancestors = reader.map(|reader| (layout.plan.call_of(reader), layout.ancestors(reader)));
        let calls = layout.calls(place).iter();
        let inner = calls.flat_map(|call| layout.inner(*call)).copied();
        let is_before = |candidate: &usize| match &ancestors {
            None => true,
            Some((call, ancestors)) => layout.plan.call_of(*candidate) == *call && ancestors.contains(candidate),
        };
        let is_sure = |candidate: &usize| {
            layout.needs(*candidate).is_empty() && layout.plan.jobs[*candidate].fate == Fate::WillRun
        };
        inner.filter(is_before).filter(is_sure).find_map(|candidate| {
            if layout.is_call(candidate) {
                self.sure(candidate)
            } else {
                layout.ids(candidate).first().map(String::as_str)
            }
        })
    }
}

/// Returns the job at `place` and those in whose called workflows it lies.
fn around<'l>(layout: &'l Layout<'_>, place: usize) -> impl Iterator<Item = usize> + use<'l> {
    std::iter::successors(Some(place), |inner| layout.caller(*inner))
}

/// Returns in parts that none of the jobs failed or was cancelled.
fn well(ids: &[String]) -> Vec<Node> {
    let words = ["failure", "cancelled"];
    if ids.len() > FEW {
        return words.map(|word| Node::Not(Box::new(any_ended(ids, word)))).to_vec();
    }
    let parts = ids.iter();
    let parts = parts.flat_map(|id| words.map(|word| result_of(id).differs(word)));
    parts.collect()
}

/// Returns whether one of the jobs came to the result `word`, which is part of no other such word.
fn any_ended(ids: &[String], word: &str) -> Node {
    if ids.len() <= FEW {
        return Node::any(ids.iter().map(|id| result_of(id).equals(word)));
    }
    Node::any(ids.chunks(MOST_VALUES).map(|ids| {
        let places: Vec<String> = (0..ids.len()).map(|place| format!("{{{place}}}")).collect();
        let results = ids.iter().map(|id| result_of(id));
        let all = std::iter::once(Node::text(places.join(" "))).chain(results).collect();
        let all = Node::call(Function::Format, all);
        Node::call(Function::Contains, vec![all, Node::text(word)])
    }))
}

fn result_of(id: &str) -> Node {
    Node::path("needs", &[id, "result"])
}

/// Returns `!cancelled()`.
pub(super) fn not_cancelled() -> Node {
    Node::Not(Box::new(Node::call(Function::Cancelled, Vec::new())))
}
