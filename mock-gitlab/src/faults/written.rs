//! Faults as JSON and TOML, for files and the control API. Whatever the library can do
//! can be written: both are the same two types.

use serde_json::{Map, Value};

use super::action::Action;
use super::selector::{FIELDS, Selector};
use super::{Fault, FaultPlan};

impl Fault {
    /// Reads a fault. The error says what is wrong with it.
    pub(crate) fn from_json(value: Value) -> Result<Self, String> {
        let Value::Object(mut all) = value else {
            return Err("a fault is an object".to_owned());
        };
        let then = all.remove("then").map(Self::from_json).transpose()?;
        let after_commit = match all.remove("after_commit") {
            None => false,
            Some(Value::Bool(flag)) => flag,
            Some(_) => return Err("after_commit is true or false".to_owned()),
        };
        let (chosen, rest): (Map<_, _>, Map<_, _>) = all
            .into_iter()
            .partition(|(name, _)| FIELDS.contains(&name.as_str()));
        let selector: Selector = read(Value::Object(chosen))?;
        let action: Action = read(Value::Object(rest.clone()))?;
        check(&action, &rest)?;
        Ok(Self {
            action,
            selector,
            after_commit,
            then: then.map(Box::new),
            seen: 0,
            hits: 0,
        })
    }

    /// As it would be written.
    pub(crate) fn to_json(&self) -> Value {
        let mut all = Map::new();
        for part in [
            serde_json::to_value(&self.action),
            serde_json::to_value(&self.selector),
        ] {
            if let Ok(Value::Object(part)) = part {
                all.extend(part);
            }
        }
        if self.after_commit {
            all.insert("after_commit".to_owned(), Value::Bool(true));
        }
        if let Some(then) = &self.then {
            all.insert("then".to_owned(), then.to_json());
        }
        Value::Object(all)
    }
}

impl FaultPlan {
    /// Reads faults from a TOML file of `[[fault]]` tables.
    ///
    /// ```toml
    /// [[fault]]
    /// kind = "status"
    /// status = 503
    /// on = "GET /projects/**"
    /// times = 2
    /// then = { kind = "latency", milliseconds = 50 }
    /// ```
    ///
    /// # Errors
    /// What is wrong, and in which fault.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let file: Value = toml::from_str(text).map_err(|error| error.to_string())?;
        let Value::Object(mut file) = file else {
            return Err("a file of faults is a table".to_owned());
        };
        let faults = file.remove("fault");
        if let Some(name) = file.keys().next() {
            return Err(format!("`{name}` is not `[[fault]]`"));
        }
        let plan = Self::new();
        let Some(Value::Array(faults)) = faults else {
            return Err("there is no `[[fault]]`".to_owned());
        };
        for (at, fault) in faults.into_iter().enumerate() {
            let fault = Fault::from_json(fault);
            plan.add(fault.map_err(|reason| format!("fault {}: {reason}", at + 1))?);
        }
        Ok(plan)
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn check(action: &Action, written: &Map<String, Value>) -> Result<(), String> {
    // Kinds without fields would take any.
    let known = serde_json::to_value(action).unwrap_or_default();
    if let Some(name) = written.keys().find(|name| known.get(*name).is_none()) {
        return Err(format!("`{}` has no field `{name}`", action.name()));
    }
    let fits = match action {
        Action::Status { status, .. } => (200..600).contains(status),
        Action::Redirect { status, .. } => (300..400).contains(status),
        Action::HtmlPage { status, .. } => status.is_none_or(|code| (200..600).contains(&code)),
        _ => true,
    };
    if fits {
        Ok(())
    } else {
        Err(format!("the status does not fit `{}`", action.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fault_is_read_from_json() {
        let fault = json!({"kind": "status", "status": 503, "on": "GET /a", "times": 2});
        let fault = Fault::from_json(fault).unwrap();
        assert_eq!(fault.action.name(), "status");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (fault, word) in [
            (json!({"kind": "gremlins"}), "gremlins"),
            (json!({"kind": "silence", "tiems": 2}), "tiems"),
            (json!({"kind": "status", "status": 99}), "status"),
            (json!({"kind": "redirect"}), "location"),
            (json!({"kind": "silence", "then": {"kind": "imp"}}), "imp"),
            (json!({"kind": "drift", "how": "sideways"}), "sideways"),
            (json!(7), "object"),
        ] {
            let reason = Fault::from_json(fault.clone()).unwrap_err();
            assert!(reason.contains(word), "{fault}: {reason}");
        }
    }

    #[test]
    fn what_is_read_from_toml_is_written_as_json() {
        let text = "[[fault]]\nkind = \"drift\"\nhow = \"null\"\non = \"GET /user\"\nprobability = 0.5\n\
                    header = { accept = \"*json*\" }\nthen = { kind = \"silence\", times = 1 }\n";
        let plan = FaultPlan::from_toml(text).unwrap();
        let written = plan.to_json();
        assert_eq!(written[0]["how"], "null");
        assert_eq!(written[0]["header"]["accept"], "*json*");
        assert_eq!(written[0]["then"]["times"], 1);
        let again = Fault::from_json(written[0].clone()).unwrap();
        assert_eq!(again.to_json(), written[0]);
        assert!(
            FaultPlan::from_toml("[[faults]]")
                .unwrap_err()
                .contains("faults")
        );
    }
}
