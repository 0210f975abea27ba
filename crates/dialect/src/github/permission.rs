//! What a job may do: `permissions` and `cache-mode`.

use lockgate_pipeline::definition::Permissions;

use super::lowering::Lowering;
use crate::codes;
use crate::shape::{Key, Local, Shape};
use crate::yaml::Node;

/// The levels that a scope can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Levels {
    /// All of them.
    Any,
    /// What cannot be written.
    Read,
    /// What cannot only be read.
    Write,
}

/// Every scope with its levels, by name.
pub const SCOPES: [(&str, Levels); 20] = [
    ("actions", Levels::Any),
    ("artifact-metadata", Levels::Any),
    ("attestations", Levels::Any),
    ("checks", Levels::Any),
    ("code-quality", Levels::Any),
    ("contents", Levels::Any),
    ("copilot-requests", Levels::Write),
    ("deployments", Levels::Any),
    ("discussions", Levels::Any),
    ("drives", Levels::Any),
    ("id-token", Levels::Write),
    ("issues", Levels::Any),
    ("models", Levels::Read),
    ("packages", Levels::Any),
    ("pages", Levels::Any),
    ("pull-requests", Levels::Any),
    ("repository-projects", Levels::Any),
    ("security-events", Levels::Any),
    ("statuses", Levels::Any),
    ("vulnerability-alerts", Levels::Read),
];

pub(super) static PERMISSIONS: Shape = Shape {
    what: "`permissions`",
    path: "permissions and jobs.<job_id>.permissions",
    keys: &KEYS,
};

const KEYS: [Key; SCOPES.len()] = {
    let mut keys = [Key::new("", ""); SCOPES.len()];
    let mut at = 0;
    while at < SCOPES.len() {
        let (name, levels) = SCOPES[at];
        keys[at] = Key::new(name, levels.words()).local(Local::ReadOnly);
        at += 1;
    }
    keys
};

impl Levels {
    /// Returns the levels.
    pub const fn all(self) -> &'static [&'static str] {
        match self {
            Self::Any => &["read", "write", "none"],
            Self::Read => &["read", "none"],
            Self::Write => &["write", "none"],
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Any => "`read`, `write` or `none`",
            Self::Read => "`read` or `none`",
            Self::Write => "`write` or `none`",
        }
    }
}

impl Lowering {
    /// Reads `cache-mode`, which has no effect here.
    pub(super) fn cache_mode(&mut self, node: &Node) {
        let modes = ["read", "write", "write-only", "none"].map(|mode| (mode, ()));
        self.reader.choice(node, "`cache-mode`", &modes);
    }

    pub(super) fn permissions(&mut self, node: &Node) -> Option<Permissions> {
        if node.is_null() || node.as_sequence().is_some() {
            let expected = "`read-all`, `write-all`, or a mapping of scopes to levels";
            self.reader.wrong_type(node, "`permissions`", expected);
            return None;
        }
        if node.as_scalar().is_some() {
            let all = [("read-all", Permissions::ReadAll), ("write-all", Permissions::WriteAll)];
            let names = all.each_ref().map(|(name, _)| (*name, *name));
            let chosen = self.reader.choice(node, "`permissions`", &names)?;
            return all.into_iter().find(|(name, _)| *name == chosen).map(|(_, all)| all);
        }
        let mut fields = self.reader.shaped(node, &PERMISSIONS)?;
        let mut scopes = Vec::new();
        for (scope, levels) in SCOPES {
            let Some(value) = fields.take(scope) else {
                continue;
            };
            let Some(level) = self.plain(value, &format!("`{scope}`")) else {
                continue;
            };
            if levels.all().contains(&level.as_str()) {
                scopes.push((scope.to_owned(), level));
            } else {
                let message = format!("`{scope}` cannot be `{level}`");
                let help = format!("possible are {}", levels.words());
                self.error_with_help(codes::WRONG_VALUE, value.span, message, help);
            }
        }
        fields.finish(&mut self.reader);
        Some(Permissions::Scopes(scopes))
    }
}
