//! What belongs to the instance and to nobody in it. <https://docs.gitlab.com/api/settings/>

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Settings and development flags.
#[derive(Clone, Debug, Default)]
pub struct Administration {
    /// Settings that differ from the defaults, under the API's own names.
    pub settings: Map<String, Value>,
    /// The same for the looks.
    pub appearance: Map<String, Value>,
    /// The same for the limits of the default plan.
    pub plan_limits: Map<String, Value>,
    /// Development flags by name, with their gates.
    pub features: BTreeMap<String, Vec<Gate>>,
}

/// One condition of a development flag. <https://docs.gitlab.com/api/features/>
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// `boolean`, `percentage_of_time`, `percentage_of_actors`, `actors`.
    pub key: String,
    /// A truth value, a share in percent, or the names of actors.
    pub value: Value,
}
