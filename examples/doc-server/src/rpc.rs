//! JSON-RPC 2.0, with the methods that an MCP client calls.

use serde_json::{Value, json};

use crate::release;
use crate::search::Index;

const MOST_HITS: u64 = 50;

/// Returns the answer to a request or a batch; `None` when nothing in it wants one.
pub fn answer(index: &Index, body: &[u8]) -> Option<Value> {
    match serde_json::from_slice(body) {
        Err(error) => Some(failure(&Value::Null, Fault::parse(&error))),
        Ok(Value::Array(batch)) if batch.is_empty() => {
            Some(failure(&Value::Null, Fault::request("the batch is empty")))
        }
        Ok(Value::Array(batch)) => {
            let answers: Vec<Value> = batch.iter().filter_map(|call| one(index, call)).collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        Ok(call) => one(index, &call),
    }
}

struct Fault {
    code: i32,
    message: String,
}

impl Fault {
    fn parse(error: &serde_json::Error) -> Self {
        Self {
            code: -32700,
            message: format!("not JSON: {error}"),
        }
    }

    fn request(message: &str) -> Self {
        Self {
            code: -32600,
            message: message.to_owned(),
        }
    }

    fn method(name: &str) -> Self {
        Self {
            code: -32601,
            message: format!("no method `{name}`"),
        }
    }

    fn params(message: impl Into<String>) -> Self {
        Self {
            code: -32602,
            message: message.into(),
        }
    }
}

fn one(index: &Index, call: &Value) -> Option<Value> {
    let id = call.get("id");
    let well_formed_id = matches!(
        id,
        None | Some(Value::Null | Value::String(_) | Value::Number(_))
    );
    let method = call.get("method").and_then(Value::as_str);
    let (Some(method), Some("2.0"), true) = (
        method,
        call.get("jsonrpc").and_then(Value::as_str),
        well_formed_id,
    ) else {
        return Some(failure(
            &Value::Null,
            Fault::request("not a JSON-RPC 2.0 request"),
        ));
    };
    let result = dispatch(index, method, call.get("params").unwrap_or(&Value::Null));
    // Without an id it is a notification, and nobody wants to hear of it.
    let id = id?;
    Some(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(fault) => failure(id, fault),
    })
}

fn failure(id: &Value, fault: Fault) -> Value {
    let error = json!({ "code": fault.code, "message": fault.message });
    json!({ "jsonrpc": "2.0", "id": id, "error": error })
}

fn dispatch(index: &Index, method: &str, params: &Value) -> Result<Value, Fault> {
    match method {
        "initialize" => Ok(json!({
            "protocolVersion": "2025-03-26",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "doc-server", "version": release::VERSION },
        })),
        "ping" | "notifications/initialized" => Ok(json!({})),
        "tools/list" => Ok(json!({ "tools": [tool()] })),
        "tools/call" => call_tool(index, params),
        _ => Err(Fault::method(method)),
    }
}

fn tool() -> Value {
    json!({
        "name": "rust_query",
        "description": "Finds the Rust documents that answer a query best",
        "inputSchema": {
            "type": "object",
            "required": ["query"],
            "properties": {
                "query": { "type": "string" },
                "limit": { "type": "integer", "minimum": 1, "maximum": MOST_HITS, "default": 5 },
            },
        },
    })
}

fn call_tool(index: &Index, params: &Value) -> Result<Value, Fault> {
    match params.get("name").and_then(Value::as_str) {
        Some("rust_query") => {}
        Some(name) => {
            return Err(Fault::params(format!(
                "no tool `{name}`; there is rust_query"
            )));
        }
        None => return Err(Fault::params("`name` of the tool is missing")),
    }
    let arguments = &params["arguments"];
    let query = match arguments["query"].as_str().map(str::trim) {
        Some(query) if !query.is_empty() => query,
        _ => return Err(Fault::params("`query` has to be a text")),
    };
    let limit = match &arguments["limit"] {
        Value::Null => 5,
        limit => match limit.as_u64() {
            Some(limit @ 1..=MOST_HITS) => limit,
            _ => return Err(Fault::params(format!("`limit` has to be 1 to {MOST_HITS}"))),
        },
    };
    let hits = index.search(query, usize::try_from(limit).unwrap_or(usize::MAX));
    let content: Vec<Value> = hits
        .iter()
        .map(|hit| {
            let text = format!("{}: {}", hit.document.title, hit.document.text);
            json!({ "type": "text", "text": text, "score": hit.score })
        })
        .collect();
    Ok(json!({ "content": content, "isError": false, "version": release::VERSION }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(body: &Value) -> Option<Value> {
        answer(&Index::embedded(), body.to_string().as_bytes())
    }

    fn call(params: Value) -> Value {
        ask(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }))
            .unwrap()
    }

    #[test]
    fn the_tool_is_listed_and_answers() {
        let listed = ask(&json!({ "jsonrpc": "2.0", "id": "a", "method": "tools/list" })).unwrap();
        assert_eq!(listed["result"]["tools"][0]["name"], "rust_query");
        assert_eq!(listed["id"], "a");
        let arguments = json!({ "query": "async fn", "limit": 2 });
        let found = call(json!({ "name": "rust_query", "arguments": arguments }));
        assert_eq!(found["result"]["content"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_query_without_hits_has_an_empty_array() {
        let found = call(json!({ "name": "rust_query", "arguments": { "query": "zzzz" } }));
        assert_eq!(found["result"]["content"], json!([]));
    }

    #[test]
    fn faults_have_their_codes() {
        let index = Index::embedded();
        assert_eq!(answer(&index, b"{").unwrap()["error"]["code"], -32700);
        assert_eq!(ask(&json!([])).unwrap()["error"]["code"], -32600);
        assert_eq!(
            ask(&json!({ "id": 1, "method": "ping" })).unwrap()["error"]["code"],
            -32600
        );
        let unknown = json!({ "jsonrpc": "2.0", "id": 1, "method": "fly" });
        assert_eq!(ask(&unknown).unwrap()["error"]["code"], -32601);
        for params in [
            json!({}),
            json!({ "name": "c_query" }),
            json!({ "name": "rust_query", "arguments": {} }),
            json!({ "name": "rust_query", "arguments": { "query": "a", "limit": 0 } }),
            json!({ "name": "rust_query", "arguments": { "query": "a", "limit": "many" } }),
        ] {
            assert_eq!(call(params.clone())["error"]["code"], -32602, "{params}");
        }
    }

    #[test]
    fn a_batch_answers_all_but_the_notifications() {
        let ping = json!({ "jsonrpc": "2.0", "id": 7, "method": "ping" });
        let silent = json!({ "jsonrpc": "2.0", "method": "ping" });
        let answers = ask(&json!([ping, silent])).unwrap();
        assert_eq!(answers.as_array().unwrap().len(), 1);
        assert_eq!(answers[0]["id"], 7);
        assert_eq!(ask(&silent), None);
    }
}
