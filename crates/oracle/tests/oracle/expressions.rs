//! Generated expressions beside `@actions/expressions`.

use lockgate_oracle::{Oracle, Script, leave_out};
use serde_json::json;

#[test]
fn the_oracle_answers() {
    let oracle = match Oracle::install() {
        Ok(oracle) => oracle,
        Err(error) => {
            leave_out("expressions beside GitHub's library", &error);
            return;
        }
    };
    let questions = [
        json!({"expr": "github.n + 1", "contexts": {"github": {"n": 1}}}),
        json!({"expr": "github.n"}),
    ];
    let answers = oracle.ask(Script::EXPRESSIONS, &questions).unwrap();
    assert_eq!(answers[0]["error"]["kind"], "lexing");
    assert_eq!(answers[1], json!({"kind": "Number", "value": "3ff0000000000000"}));
}
