//! What administrators keep: settings, messages, hooks, variables, feature flags.
//! <https://docs.gitlab.com/api/settings/>

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::clock::Timestamp;

/// Everything that belongs to the instance and to nobody in it.
#[derive(Clone, Debug, Default)]
pub struct Administration {
    /// Settings that differ from the defaults, under the API's own names.
    pub settings: Map<String, Value>,
    /// The same for the looks.
    pub appearance: Map<String, Value>,
    /// The same for the limits of the default plan.
    pub plan_limits: Map<String, Value>,
    /// Messages to everyone, by id.
    pub broadcast_messages: BTreeMap<u64, BroadcastMessage>,
    /// System hooks by id.
    pub hooks: BTreeMap<u64, SystemHook>,
    /// CI/CD variables of all pipelines, by key.
    pub variables: BTreeMap<String, InstanceVariable>,
    /// Development flags by name, with their gates.
    pub features: BTreeMap<String, Vec<Gate>>,
    /// Requests in the running period, by user; see the setting
    /// `throttle_authenticated_api_enabled`.
    pub requests: BTreeMap<u64, Requests>,
}

/// How often somebody asked since a period began.
#[derive(Clone, Copy, Debug)]
pub struct Requests {
    /// When the period began.
    pub since: Timestamp,
    /// Requests in it.
    pub count: u64,
}

/// <https://docs.gitlab.com/api/broadcast_messages/>
#[derive(Clone, Debug)]
pub struct BroadcastMessage {
    /// Number of the message.
    pub id: u64,
    /// What it says.
    pub message: String,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// What else was set, under the API's own names.
    pub details: Map<String, Value>,
}

/// <https://docs.gitlab.com/api/system_hooks/>
#[derive(Clone, Debug)]
pub struct SystemHook {
    /// Number of the hook.
    pub id: u64,
    /// Where it calls.
    pub url: String,
    /// Name and description, events, under the API's own names.
    pub details: Map<String, Value>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// <https://docs.gitlab.com/api/instance_level_ci_variables/>
#[derive(Clone, Debug)]
pub struct InstanceVariable {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What it is for.
    pub description: Option<String>,
    /// `env_var` or `file`.
    pub variable_type: String,
    /// For protected branches and tags only.
    pub protected: bool,
    /// Hidden in job logs.
    pub masked: bool,
    /// Taken as it is, without expanding other variables.
    pub raw: bool,
}

/// One condition of a development flag. <https://docs.gitlab.com/api/features/>
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// `boolean`, `percentage_of_time`, `percentage_of_actors`, `actors`.
    pub key: String,
    /// A truth value, a share in percent, or the name of an actor.
    pub value: Value,
}
