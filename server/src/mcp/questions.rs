//! Questions to the client and what came back, in wire form. MCP 2026-07-28, client/elicitation,
//! client/sampling, client/roots.
#![expect(
    deprecated,
    reason = "sampling and roots are deprecated in MCP; fixtures still ask them"
)]

use std::collections::BTreeMap;

use gitlab_mcp_core::conversation::{Question, Reply};
use rmcp::model::{
    ClientCapabilities, CreateMessageRequest, CreateMessageRequestParams, ElicitRequest,
    ElicitRequestParams, ElicitationSchema, InputRequest, InputRequests, ListRootsRequest,
    SamplingMessage,
};
use serde_json::{Map, Value};

/// The client capability a question needs.
pub(super) fn needs(question: &Question) -> &'static str {
    match question {
        Question::Form { .. } | Question::Page { .. } => "elicitation",
        Question::Sample { .. } => "sampling",
        Question::Roots => "roots",
    }
}

/// True when the client declared what `question` needs, its mode included.
pub(super) fn can_ask(client: &ClientCapabilities, question: &Question) -> bool {
    match question {
        // A client that names no mode means forms.
        Question::Form { .. } => client
            .elicitation
            .as_ref()
            .is_some_and(|modes| modes.form.is_some() || modes.url.is_none()),
        Question::Page { .. } => client
            .elicitation
            .as_ref()
            .is_some_and(|modes| modes.url.is_some()),
        Question::Sample { .. } => client.sampling.is_some(),
        Question::Roots => client.roots.is_some(),
    }
}

/// True when the client declared `capability` in any mode.
pub(super) fn declares(client: &ClientCapabilities, capability: &str) -> bool {
    match capability {
        "elicitation" => client.elicitation.is_some(),
        "sampling" => client.sampling.is_some(),
        "roots" => client.roots.is_some(),
        _ => false,
    }
}

/// Capabilities that name only `capability`.
pub(super) fn required(capability: &str) -> ClientCapabilities {
    let mut required = ClientCapabilities::default();
    match capability {
        "sampling" => required.sampling = Some(rmcp::model::SamplingCapability::default()),
        "roots" => required.roots = Some(rmcp::model::RootsCapabilities::default()),
        _ => required.elicitation = Some(rmcp::model::ElicitationCapability::default()),
    }
    required
}

/// The parameters of an elicitation, or `None` when the form is not a flat object schema.
pub(super) fn elicitation(question: &Question) -> Option<ElicitRequestParams> {
    match question {
        Question::Form { message, schema } => Some(ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: message.clone(),
            requested_schema: form(schema)?,
        }),
        Question::Page { message, url, id } => Some(ElicitRequestParams::UrlElicitationParams {
            meta: None,
            message: message.clone(),
            url: url.clone(),
            elicitation_id: id.clone(),
        }),
        Question::Sample { .. } | Question::Roots => None,
    }
}

fn form(schema: &Map<String, Value>) -> Option<ElicitationSchema> {
    serde_json::from_value(Value::Object(schema.clone())).ok()
}

/// The parameters of a completion by the client's model.
pub(super) fn sampling(prompt: &str, max_tokens: u32) -> CreateMessageRequestParams {
    CreateMessageRequestParams::new(vec![SamplingMessage::user_text(prompt)], max_tokens)
}

/// The questions of a suspended call, as `inputRequests`.
pub(super) fn input_requests(questions: &BTreeMap<String, Question>) -> Option<InputRequests> {
    questions
        .iter()
        .map(|(key, question)| Some((key.clone(), input_request(question)?)))
        .collect()
}

fn input_request(question: &Question) -> Option<InputRequest> {
    Some(match question {
        Question::Form { .. } | Question::Page { .. } => {
            InputRequest::Elicitation(ElicitRequest::new(elicitation(question)?))
        }
        Question::Sample { prompt, max_tokens } => {
            InputRequest::CreateMessage(CreateMessageRequest::new(sampling(prompt, *max_tokens)))
        }
        Question::Roots => InputRequest::ListRoots(ListRootsRequest {
            method: rmcp::model::ListRootsRequestMethod,
            extensions: rmcp::model::Extensions::default(),
        }),
    })
}

/// What a client's raw answer to `question` means; `None` when it is no answer at all.
pub(super) fn reply(question: &Question, answer: &Value) -> Option<Reply> {
    match question {
        Question::Form { .. } | Question::Page { .. } => {
            match answer.get("action").and_then(Value::as_str)? {
                "accept" => {
                    let fields = answer.get("content").and_then(Value::as_object);
                    Some(Reply::Accepted(fields.cloned().unwrap_or_default()))
                }
                "decline" => Some(Reply::Declined),
                "cancel" => Some(Reply::Cancelled),
                _ => None,
            }
        }
        Question::Sample { .. } | Question::Roots => {
            answer.is_object().then(|| Reply::Result(answer.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn client(value: Value) -> ClientCapabilities {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_declared_kinds_can_be_asked() {
        let form = Question::Form {
            message: "m".to_owned(),
            schema: Map::new(),
        };
        let page = Question::Page {
            message: "m".to_owned(),
            url: "https://gitlab.example".to_owned(),
            id: "1".to_owned(),
        };
        for (declared, forms, pages) in [
            (json!({}), false, false),
            (json!({"elicitation": {}}), true, false),
            (json!({"elicitation": {"form": {}}}), true, false),
            (json!({"elicitation": {"url": {}}}), false, true),
            (json!({"elicitation": {"form": {}, "url": {}}}), true, true),
        ] {
            let client = client(declared.clone());
            assert_eq!(can_ask(&client, &form), forms, "{declared}");
            assert_eq!(can_ask(&client, &page), pages, "{declared}");
        }
    }

    #[test]
    fn a_form_keeps_its_defaults_and_choices() {
        let schema = json!({
            "type": "object",
            "properties": {
                "name": { "type": "string", "default": "John Doe" },
                "status": { "type": "string", "enum": ["active", "inactive"], "default": "active" },
                "tags": { "type": "array", "items": { "type": "string", "enum": ["a", "b"] } },
            },
            "required": ["name"],
        });
        let question = Question::Form {
            message: "m".to_owned(),
            schema: schema.as_object().cloned().unwrap(),
        };
        let requests = input_requests(&BTreeMap::from([("k".to_owned(), question)])).unwrap();
        let wire = serde_json::to_value(requests).unwrap();
        assert_eq!(wire["k"]["method"], "elicitation/create");
        assert_eq!(wire["k"]["params"]["requestedSchema"], schema);
    }

    #[test]
    fn answers_are_read_by_action() {
        let question = Question::Form {
            message: "m".to_owned(),
            schema: Map::new(),
        };
        for (answer, expected) in [
            (json!({"action": "decline"}), Some(Reply::Declined)),
            (json!({"action": "cancel"}), Some(Reply::Cancelled)),
            (
                json!({"action": "accept"}),
                Some(Reply::Accepted(Map::new())),
            ),
            (json!({"action": "maybe"}), None),
            (json!("accept"), None),
        ] {
            assert_eq!(reply(&question, &answer), expected, "{answer}");
        }
    }
}
