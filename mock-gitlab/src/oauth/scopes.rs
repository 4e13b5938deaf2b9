//! The scopes of the instance. <https://docs.gitlab.com/integration/oauth_provider/#view-all-authorized-applications>

/// Every scope with the line the consent page shows, in the order of discovery.
const SCOPES: [(&str, &str); 26] = [
    ("api", "Access the authenticated user's API"),
    ("read_api", "Read the API"),
    (
        "read_user",
        "Read the authenticated user's personal information",
    ),
    ("create_runner", "Create runners"),
    ("manage_runner", "Manage the runners"),
    (
        "k8s_proxy",
        "Reach Kubernetes clusters through their agents",
    ),
    ("self_rotate", "Rotate this token"),
    ("mcp", "Use the MCP server of this instance"),
    (
        "mcp_orbit",
        "Use the MCP server of the knowledge graph of this instance",
    ),
    ("read_repository", "Read repositories of your projects"),
    (
        "write_repository",
        "Read and write repositories of your projects",
    ),
    ("read_registry", "Read the container registry"),
    ("write_registry", "Write the container registry"),
    ("read_virtual_registry", "Read the virtual registries"),
    ("write_virtual_registry", "Write the virtual registries"),
    ("read_observability", "Read observability data"),
    ("write_observability", "Write observability data"),
    ("ai_features", "Use the AI features"),
    ("ai_workflows", "Use the AI workflows"),
    ("sudo", "Perform API actions as any user of the instance"),
    ("admin_mode", "Perform API actions as an administrator"),
    ("read_service_ping", "Read the service usage data"),
    ("openid", "Sign you in with your GitLab account"),
    ("profile", "Read your public profile"),
    ("email", "Read your email address"),
    ("granular", "Access with fine-grained permissions"),
];

/// Every scope of the instance.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    SCOPES.iter().map(|(name, _)| *name)
}

/// Whether all of these are scopes of the instance, and there is one.
pub(crate) fn are_scopes(wanted: &[String]) -> bool {
    let known = |name: &String| all().any(|scope| scope == name);
    !wanted.is_empty() && wanted.iter().all(known)
}

/// What a scope lets an application do.
pub(crate) fn explain(scope: &str) -> &'static str {
    let known = SCOPES.iter().find(|(name, _)| *name == scope);
    known.map_or("Act in the name of a user", |(_, text)| *text)
}

/// The words of a scope parameter, each once.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace() {
        if !scopes.iter().any(|have| have == word) {
            scopes.push(word.to_owned());
        }
    }
    scopes
}

fn is_known(scope: &str) -> bool {
    all().any(|known| known == scope) || scope.starts_with("user:")
}

/// The scopes of a request to an application: all of them, or none. Without a
/// request it is `api`, if the application has that.
pub(super) fn granted(requested: Option<&str>, allowed: &[String]) -> Option<Vec<String>> {
    let has = |scope: &str| allowed.is_empty() || allowed.iter().any(|have| have == scope);
    let Some(text) = requested.filter(|text| !text.trim().is_empty()) else {
        return has("api").then(|| vec!["api".to_owned()]);
    };
    let wanted = split(text);
    let fine = wanted.iter().all(|scope| is_known(scope) && has(scope));
    (fine && !wanted.is_empty()).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_scope_too_many_fails_all() {
        let allowed = ["read_api".to_owned(), "read_user".to_owned()];
        assert_eq!(
            granted(Some("read_user read_api"), &allowed).unwrap().len(),
            2
        );
        assert_eq!(granted(Some("read_user api"), &allowed), None);
        assert_eq!(granted(Some("nonsense"), &[]), None);
        assert_eq!(granted(None, &allowed), None);
        assert_eq!(granted(None, &["api".to_owned()]).unwrap(), ["api"]);
    }
}
