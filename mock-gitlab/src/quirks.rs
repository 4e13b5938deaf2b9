//! Where GitLab's versions and instances differ, and what a hostile or broken one
//! would do: one field each, all harmless by default.

use serde_json::Value;

/// The switches of an instance. Set at the start with
/// [`Builder::quirks`](crate::Builder::quirks), or in the middle of a test:
/// `gl.edit(|world| world.quirks.device_denied = true)`.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, not a state in disguise"
)]
pub struct Quirks {
    /// `resource` of the protected-resource document is a list, against RFC 9728.
    /// True at GitLab.
    pub protected_resource_array: bool,
    /// `/oauth/token/info` does not see the `Authorization` header, as behind some
    /// edges; `?access_token=` still works.
    pub token_info_without_bearer: bool,
    /// New applications may not use the device grant, as since about 18.10.
    pub device_default_off: bool,
    /// A refresh token used twice ends every token that came from the same approval.
    pub family_revocation: bool,
    /// How long the old pair still works after a refresh.
    pub refresh_grace_seconds: u64,
    /// Dynamic registration is switched off.
    pub registration_off: bool,
    /// Life of an access token.
    pub access_token_seconds: u64,
    /// Status of the error page of `/oauth/authorize`.
    pub authorize_error_status: u16,
    /// Status of `access_denied` for applications without the device grant.
    pub device_disabled_status: u16,
    /// Token answers carry this as `expires_in`; null leaves it out.
    pub expires_in: Option<Value>,
    /// `/oauth/token/info` carries this as `expires_in`; null stays null.
    pub token_info_expires_in: Option<Value>,
    /// The answer of `/oauth/authorize` names this as `iss`, RFC 9207; `on` stands for the
    /// address of the instance. GitLab sends none.
    pub callback_issuer: Option<String>,
    /// Tokens and device codes are refused with 503 `temporarily_unavailable` and this as
    /// `Retry-After`: the instance is in maintenance.
    pub maintenance_retry_after: Option<u64>,
    /// OAuth errors begin with a capital: `Invalid_grant`.
    pub oauth_error_capitals: bool,
    /// OAuth errors carry this as `error_description`.
    pub oauth_error_description: Option<String>,
    /// Token answers carry no refresh token.
    pub no_refresh_token: bool,
    /// So many refreshes are refused with `invalid_grant`, for no reason.
    pub refuse_refreshes: u32,
    /// A used refresh token works a second time: two winners of one race.
    pub second_winner: bool,
    /// So many device polls answer `authorization_pending`, approved or not.
    pub device_pending_polls: u32,
    /// So many device polls answer `slow_down`, however late they come.
    pub device_slow_downs: u32,
    /// Device polls answer `access_denied`.
    pub device_denied: bool,
    /// Device polls answer `expired_token`.
    pub device_expires_early: bool,
    /// The polling interval the device answer names (null leaves it out).
    pub device_interval: Option<Value>,
    /// The `expires_in` of the device answer (null leaves it out).
    pub device_expires_in: Option<Value>,
    /// The `verification_uri_complete` of the device answer (null leaves it out).
    pub verification_uri_complete: Option<Value>,
    /// The `verification_uri` of the device answer.
    pub verification_uri: Option<String>,
    /// The `issuer` of the discovery documents.
    pub issuer: Option<String>,
    /// Requests are limited as on GitLab.com; off, as on an instance of one's own.
    pub rate_limits: bool,
    /// The limits are so many times smaller, for those who cannot wait.
    pub rate_limit_divisor: u64,
    /// A merge request just opened is still being checked for so long.
    pub merge_status_delay_seconds: u64,
    /// Jobs wait for a runner that asks for them; otherwise they run by themselves three
    /// seconds after they are ready.
    pub jobs_wait_for_runners: bool,
    /// Which of `bridges` and `trigger_jobs` exists below a pipeline: one of these
    /// words, or `both`.
    pub bridges_route: String,
    /// Personal access tokens are fine-grained: `/user` answers 403.
    pub fine_grained_tokens: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            protected_resource_array: true,
            token_info_without_bearer: false,
            device_default_off: false,
            family_revocation: false,
            refresh_grace_seconds: 0,
            registration_off: false,
            access_token_seconds: 7200,
            authorize_error_status: 200,
            device_disabled_status: 400,
            expires_in: None,
            token_info_expires_in: None,
            callback_issuer: None,
            maintenance_retry_after: None,
            oauth_error_capitals: false,
            oauth_error_description: None,
            no_refresh_token: false,
            refuse_refreshes: 0,
            second_winner: false,
            device_pending_polls: 0,
            device_slow_downs: 0,
            device_denied: false,
            device_expires_early: false,
            device_interval: None,
            device_expires_in: None,
            verification_uri_complete: None,
            verification_uri: None,
            issuer: None,
            rate_limits: false,
            rate_limit_divisor: 1,
            merge_status_delay_seconds: 0,
            jobs_wait_for_runners: false,
            bridges_route: "both".to_owned(),
            fine_grained_tokens: false,
        }
    }
}

impl Quirks {
    /// Sets a switch by name, as `--quirk name=value` does. The error says what is
    /// wrong.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "protected_resource_array" => self.protected_resource_array = parse(name, value)?,
            "token_info_without_bearer" => self.token_info_without_bearer = parse(name, value)?,
            "device_default_off" => self.device_default_off = parse(name, value)?,
            "family_revocation" => self.family_revocation = parse(name, value)?,
            "refresh_grace_seconds" => self.refresh_grace_seconds = parse(name, value)?,
            "registration_off" => self.registration_off = parse(name, value)?,
            "access_token_seconds" => self.access_token_seconds = parse(name, value)?,
            "authorize_error_status" => self.authorize_error_status = parse(name, value)?,
            "device_disabled_status" => self.device_disabled_status = parse(name, value)?,
            "expires_in" => self.expires_in = json(value),
            "token_info_expires_in" => self.token_info_expires_in = json(value),
            "callback_issuer" => self.callback_issuer = text(value),
            "maintenance_retry_after" => {
                self.maintenance_retry_after = optional(name, value)?;
            }
            "oauth_error_capitals" => self.oauth_error_capitals = parse(name, value)?,
            "oauth_error_description" => self.oauth_error_description = text(value),
            "no_refresh_token" => self.no_refresh_token = parse(name, value)?,
            "refuse_refreshes" => self.refuse_refreshes = parse(name, value)?,
            "second_winner" => self.second_winner = parse(name, value)?,
            "device_pending_polls" => self.device_pending_polls = parse(name, value)?,
            "device_slow_downs" => self.device_slow_downs = parse(name, value)?,
            "device_denied" => self.device_denied = parse(name, value)?,
            "device_expires_early" => self.device_expires_early = parse(name, value)?,
            "device_interval" => self.device_interval = json(value),
            "device_expires_in" => self.device_expires_in = json(value),
            "verification_uri_complete" => {
                self.verification_uri_complete = json(value);
            }
            "verification_uri" => self.verification_uri = text(value),
            "rate_limits" => self.rate_limits = parse(name, value)?,
            "rate_limit_divisor" => self.rate_limit_divisor = parse(name, value)?,
            "merge_status_delay_seconds" => self.merge_status_delay_seconds = parse(name, value)?,
            "jobs_wait_for_runners" => self.jobs_wait_for_runners = parse(name, value)?,
            "bridges_route" => value.clone_into(&mut self.bridges_route),
            "fine_grained_tokens" => self.fine_grained_tokens = parse(name, value)?,
            "issuer" => self.issuer = text(value),
            _ => return Err(format!("there is no quirk `{name}`")),
        }
        Ok(())
    }
}

fn parse<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, String> {
    let value = match value {
        "on" | "1" if std::any::type_name::<T>() == "bool" => "true",
        "off" | "0" if std::any::type_name::<T>() == "bool" => "false",
        other => other,
    };
    value
        .parse()
        .map_err(|_| format!("quirk `{name}` cannot be `{value}`"))
}

/// `off` takes a value back.
fn text(value: &str) -> Option<String> {
    (value != "off").then(|| value.to_owned())
}

fn optional<T: std::str::FromStr>(name: &str, value: &str) -> Result<Option<T>, String> {
    text(value).map(|value| parse(name, &value)).transpose()
}

/// JSON if it is, text if not; `off` takes a value back.
fn json(value: &str) -> Option<Value> {
    let read = |value: String| serde_json::from_str(&value).unwrap_or(Value::String(value));
    text(value).map(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_set_by_name() {
        let mut quirks = Quirks::default();
        quirks.set("family_revocation", "on").unwrap();
        quirks.set("refresh_grace_seconds", "30").unwrap();
        quirks.set("device_interval", "-1").unwrap();
        assert!(quirks.family_revocation);
        assert_eq!(quirks.refresh_grace_seconds, 30);
        assert_eq!(quirks.device_interval, Some(Value::from(-1)));
        quirks.set("device_interval", "off").unwrap();
        assert_eq!(quirks.device_interval, None);
        quirks.set("maintenance_retry_after", "90").unwrap();
        assert_eq!(quirks.maintenance_retry_after, Some(90));
        assert!(quirks.set("maintenance_retry_after", "soon").is_err());
        assert!(quirks.set("family_revocation", "perhaps").is_err());
        assert!(quirks.set("nothing", "on").is_err());
    }
}
