//! `permissions`.

use lockgate_pipeline::definition::Permissions;

use super::lowering::Lowering;
use crate::codes;
use crate::yaml::Node;

const SCOPES: [(&str, &[&str]); 20] = [
    ("actions", ANY),
    ("artifact-metadata", ANY),
    ("attestations", ANY),
    ("checks", ANY),
    ("code-quality", ANY),
    ("contents", ANY),
    ("copilot-requests", WRITE),
    ("deployments", ANY),
    ("discussions", ANY),
    ("drives", ANY),
    ("id-token", WRITE),
    ("issues", ANY),
    ("models", READ),
    ("packages", ANY),
    ("pages", ANY),
    ("pull-requests", ANY),
    ("repository-projects", ANY),
    ("security-events", ANY),
    ("statuses", ANY),
    ("vulnerability-alerts", READ),
];
const ANY: &[&str] = &["read", "write", "none"];
const READ: &[&str] = &["read", "none"];
const WRITE: &[&str] = &["write", "none"];

impl Lowering {
    pub(super) fn permissions(&mut self, node: &Node) -> Option<Permissions> {
        if node.as_scalar().is_some() {
            let all = [("read-all", Permissions::ReadAll), ("write-all", Permissions::WriteAll)];
            let names = all.each_ref().map(|(name, _)| (*name, *name));
            let chosen = self.reader.choice(node, "`permissions`", &names)?;
            return all.into_iter().find(|(name, _)| *name == chosen).map(|(_, all)| all);
        }
        let mut fields = self.reader.fields(node, "`permissions`")?;
        let mut scopes = Vec::new();
        for (scope, levels) in SCOPES {
            let Some(value) = fields.take(scope) else {
                continue;
            };
            let Some(level) = self.plain(value, &format!("`{scope}`")) else {
                continue;
            };
            if levels.contains(&level.as_str()) {
                scopes.push((scope.to_owned(), level));
            } else {
                let message = format!("`{scope}` cannot be `{level}`");
                let help = format!("possible are {}", levels.join(", "));
                self.error_with_help(codes::WRONG_VALUE, value.span, message, help);
            }
        }
        fields.finish(&mut self.reader);
        Some(Permissions::Scopes(scopes))
    }
}
