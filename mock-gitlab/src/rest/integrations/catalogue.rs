//! The integrations an instance knows, with their properties.
//! <https://docs.gitlab.com/api/project_integrations/>

/// Events an integration may listen to, with their defaults.
pub(super) const EVENTS: [(&str, bool); 16] = [
    ("commit_events", true),
    ("push_events", true),
    ("issues_events", true),
    ("incident_events", false),
    ("alert_events", true),
    ("confidential_issues_events", true),
    ("merge_requests_events", true),
    ("tag_push_events", true),
    ("deployment_events", false),
    ("note_events", true),
    ("confidential_note_events", true),
    ("pipeline_events", true),
    ("wiki_page_events", true),
    ("job_events", true),
    ("comment_on_event_enabled", true),
    ("vulnerability_events", false),
];

/// One integration.
#[derive(Debug)]
pub(super) struct Integration {
    pub(super) slug: &'static str,
    pub(super) title: &'static str,
    /// Properties without which it cannot be switched on.
    pub(super) required: &'static [&'static str],
    optional: &'static [&'static str],
}

const fn of(
    slug: &'static str,
    title: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
) -> Integration {
    Integration {
        slug,
        title,
        required,
        optional,
    }
}

const SECRETS: [&str; 9] = [
    "api_key",
    "token",
    "password",
    "jira_issue_regex_token",
    "api_token",
    "webhook",
    "private_key",
    "mock_service_token",
    "jira_password",
];

const ALL: &[Integration] = &[
    of("asana", "Asana", &["api_key"], &["restrict_to_branch"]),
    of("assembla", "Assembla", &["token"], &["subdomain"]),
    of(
        "bamboo",
        "Atlassian Bamboo",
        &["bamboo_url", "build_key", "username", "password"],
        &["enable_ssl_verification"],
    ),
    of(
        "bugzilla",
        "Bugzilla",
        &["new_issue_url", "issues_url", "project_url"],
        &[],
    ),
    of(
        "buildkite",
        "Buildkite",
        &["token", "project_url"],
        &["enable_ssl_verification"],
    ),
    of("campfire", "Campfire", &["token"], &["subdomain", "room"]),
    of(
        "confluence",
        "Confluence Workspace",
        &["confluence_url"],
        &[],
    ),
    of(
        "custom-issue-tracker",
        "Custom issue tracker",
        &["new_issue_url", "issues_url", "project_url"],
        &[],
    ),
    of(
        "datadog",
        "Datadog",
        &["api_key"],
        &["datadog_site", "datadog_env", "datadog_service"],
    ),
    of(
        "discord",
        "Discord Notifications",
        &["webhook"],
        &["branches_to_be_notified"],
    ),
    of(
        "drone-ci",
        "Drone",
        &["token", "drone_url"],
        &["enable_ssl_verification"],
    ),
    of(
        "emails-on-push",
        "Emails on push",
        &["recipients"],
        &[
            "disable_diffs",
            "send_from_committer_email",
            "branches_to_be_notified",
        ],
    ),
    of(
        "external-wiki",
        "External wiki",
        &["external_wiki_url"],
        &[],
    ),
    of("harbor", "Harbor", &["url", "project_name"], &["password"]),
    of(
        "jenkins",
        "Jenkins",
        &["jenkins_url", "project_name"],
        &["username", "password", "enable_ssl_verification"],
    ),
    of(
        "jira",
        "Jira issues",
        &["url", "password"],
        &[
            "api_url",
            "username",
            "jira_auth_type",
            "jira_issue_prefix",
            "jira_issue_regex",
            "jira_issue_transition_automatic",
            "jira_issue_transition_id",
            "issues_enabled",
            "project_keys",
        ],
    ),
    of(
        "mattermost",
        "Mattermost notifications",
        &["webhook"],
        &["username", "channel", "notify_only_broken_pipelines"],
    ),
    of("mock-ci", "MockCI", &["mock_service_url"], &[]),
    of(
        "microsoft-teams",
        "Microsoft Teams notifications",
        &["webhook"],
        &["notify_only_broken_pipelines"],
    ),
    of(
        "pipelines-email",
        "Pipeline status emails",
        &["recipients"],
        &["notify_only_broken_pipelines", "branches_to_be_notified"],
    ),
    of(
        "pivotaltracker",
        "Pivotal Tracker",
        &["token"],
        &["restrict_to_branch"],
    ),
    of(
        "pushover",
        "Pushover",
        &["api_key", "user_key", "priority"],
        &["device", "sound"],
    ),
    of(
        "redmine",
        "Redmine",
        &["new_issue_url", "issues_url", "project_url"],
        &[],
    ),
    of(
        "slack",
        "Slack notifications",
        &["webhook"],
        &[
            "username",
            "channel",
            "notify_only_broken_pipelines",
            "branches_to_be_notified",
        ],
    ),
    of(
        "teamcity",
        "JetBrains TeamCity",
        &["teamcity_url", "build_type", "username", "password"],
        &[],
    ),
    of("telegram", "Telegram", &["token", "room"], &["thread"]),
    of("youtrack", "YouTrack", &["issues_url", "project_url"], &[]),
];

/// By slug.
pub(super) fn find(slug: &str) -> Option<&'static Integration> {
    ALL.iter().find(|one| one.slug == slug)
}

impl Integration {
    /// Every property, and whether it is a secret that is never shown.
    pub(super) fn properties(&self) -> impl Iterator<Item = (&'static str, bool)> {
        let names = self.required.iter().chain(self.optional);
        names.map(|name| (*name, SECRETS.contains(name)))
    }
}
