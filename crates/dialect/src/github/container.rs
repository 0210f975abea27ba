//! Containers: of a job, of its services, and images made of its runner.
//!
//! Read and checked in full, and refused when the job would run.

use super::availability::{CONTAINER_ENV, CREDENTIALS as AT_CREDENTIALS, RUNNER, SERVICES, SNAPSHOT_IF};
use super::lowering::Lowering;
use super::shapes::{CONTAINER, CREDENTIALS, SERVICE, SERVICE_CREDENTIALS, SNAPSHOT};
use crate::codes;
use crate::shape::{Availability, Shape};
use crate::yaml::{Entry, Fields, Node};

/// One kind of container.
struct Kind {
    shape: &'static Shape,
    credentials: &'static Shape,
    at: &'static Availability,
    /// Whether an empty text is no container at all.
    may_be_empty: bool,
}

impl Lowering {
    /// Reads what a job says about containers.
    pub(super) fn containers(&mut self, fields: &mut Fields<'_>) {
        if let Some(entry) = fields.take_entry("container") {
            let kind = Kind {
                shape: &CONTAINER,
                credentials: &CREDENTIALS,
                at: &RUNNER,
                may_be_empty: true,
            };
            self.container(&entry.value, &kind);
            let why = "jobs in containers are not supported by this version";
            self.note_unsupported(
                entry.key.span,
                "container",
                why,
                "let the job run on the machine itself",
            );
        }
        if let Some(entry) = fields.take_entry("services") {
            self.services(entry);
            let why = "service containers are not supported by this version";
            self.note_unsupported(entry.key.span, "services", why, "start the service in a step");
        }
        if let Some(entry) = fields.take_entry("snapshot") {
            self.snapshot(&entry.value);
            let why = "images of runners are not supported by this version";
            self.note_unsupported(entry.key.span, "snapshot", why, "remove the key");
        }
    }

    fn services(&mut self, entry: &Entry) {
        if entry.value.has_expression() && self.template(&entry.value, "`services`", &SERVICES).is_some() {
            return;
        }
        let kind = Kind {
            shape: &SERVICE,
            credentials: &SERVICE_CREDENTIALS,
            at: &SERVICES,
            may_be_empty: false,
        };
        let Some(fields) = self.reader.fields(&entry.value, "`services`") else {
            return;
        };
        for service in fields.rest() {
            self.container(&service.value, &kind);
        }
    }

    fn container(&mut self, node: &Node, kind: &Kind) {
        if node.as_sequence().is_some() {
            return self.reader.wrong_type(node, kind.shape.what, "an image or a mapping");
        }
        if node.as_mapping().is_none() {
            let template = self.template(node, kind.shape.what, kind.at);
            let is_empty = template.is_some_and(|template| template.source().is_empty());
            if is_empty && !kind.may_be_empty {
                self.reader.wrong_type(node, kind.shape.what, "an image or a mapping");
            }
            return;
        }
        let Some(mut fields) = self.reader.shaped(node, kind.shape) else {
            return;
        };
        if let Some(image) = fields.require("image", &mut self.reader) {
            self.filled_template(image, "`image`", kind.at);
        }
        if let Some(credentials) = fields.take("credentials") {
            self.credentials(credentials, kind.credentials);
        }
        if let Some(env) = fields.take("env") {
            if env.has_expression() {
                self.template(env, "`env`", kind.at);
            } else {
                self.entries(env, "`env`", &CONTAINER_ENV);
            }
        }
        for (name, what) in [("ports", "`ports`"), ("volumes", "`volumes`")] {
            if let Some(node) = fields.take(name) {
                self.filled_templates(node, what, kind.at);
            }
        }
        let texts: &[(&str, &str)] = &[
            ("options", "`options`"),
            ("command", "`command`"),
            ("entrypoint", "`entrypoint`"),
        ];
        for (name, what) in texts.iter().filter(|(name, _)| kind.shape.key(name).is_some()) {
            if let Some(node) = fields.take(name) {
                self.template(node, what, kind.at);
            }
        }
        fields.finish(&mut self.reader);
    }

    fn credentials(&mut self, node: &Node, shape: &'static Shape) {
        if node.has_expression() {
            self.template(node, "`credentials`", &AT_CREDENTIALS);
            return;
        }
        let Some(mut fields) = self.reader.shaped(node, shape) else {
            return;
        };
        for (name, what) in [("username", "`username`"), ("password", "`password`")] {
            if let Some(node) = fields.take(name) {
                self.filled_template(node, what, &AT_CREDENTIALS);
            }
        }
        fields.finish(&mut self.reader);
    }

    fn snapshot(&mut self, node: &Node) {
        if node.as_mapping().is_none() {
            self.plain(node, "`snapshot`");
            return;
        }
        let Some(mut fields) = self.reader.shaped(node, &SNAPSHOT) else {
            return;
        };
        if let Some(name) = fields.require("image-name", &mut self.reader) {
            self.plain(name, "`image-name`");
        }
        if let Some(version) = fields.take("version") {
            self.plain(version, "`version`");
        }
        if let Some(condition) = fields.take("if") {
            self.condition(condition, &SNAPSHOT_IF);
        }
        fields.finish(&mut self.reader);
    }

    /// Reads a list of texts that may hold expressions and are not empty.
    fn filled_templates(&mut self, node: &Node, what: &str, at: &Availability) {
        if node.has_expression() {
            self.template(node, what, at);
            return;
        }
        let expected = "a list of texts";
        let Some(items) = node.as_sequence() else {
            let mut diagnostic = self.reader.error(
                codes::WRONG_TYPE,
                node.span,
                format!("{what} must be {expected}, not {}", node.kind()),
            );
            if let Some(scalar) = node.as_scalar().filter(|scalar| !scalar.text.is_empty()) {
                diagnostic = diagnostic.help(format!("write `['{}']`", scalar.text));
            }
            return self.reader.report(diagnostic);
        };
        for item in items {
            self.filled_template(item, &format!("an item of {what}"), at);
        }
    }
}
