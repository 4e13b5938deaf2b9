//! Which tools exist, and the limits they run under.

use std::time::Duration;

use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::tool::permission::{self, PERMISSION_MODE, READ_ONLY};
use gitlab_mcp_core::tool::{Catalog, Policy, PolicyInput, ToolSettings};

static TOOLSETS: Setting =
    Setting::new("GITLAB_TOOLSETS", Kind::List, "tool sets to enable, or all").flag("--toolsets");
static TOOLS: Setting =
    Setting::new("GITLAB_TOOLS", Kind::List, "tools added to the tool sets").flag("--tools");
static ALLOWED: Setting = Setting::new(
    "GITLAB_ALLOWED_TOOLS",
    Kind::List,
    "nothing outside this list exists",
);
static ALLOWED_PATTERN: Setting = Setting::new(
    "GITLAB_ALLOWED_TOOLS_REGEX",
    Kind::Pattern,
    "nothing that does not match exists",
);
static DENIED_PATTERN: Setting = Setting::new(
    "GITLAB_DENIED_TOOLS_REGEX",
    Kind::Pattern,
    "matching tools do not exist",
)
.flag("--denied-tools-regex");
static HIDDEN: Setting = Setting::new(
    "GITLAB_TOOL_POLICY_HIDDEN",
    Kind::List,
    "tools that are not listed but can be called",
)
.flag("--tool-policy-hidden");
static PROJECT: Setting = Setting::new(
    "GITLAB_PROJECT_ID",
    Kind::Text { max: 255 },
    "project used when a call names none",
)
.aliases(&["GITLAB_DEFAULT_PROJECT"]);
static GROUP: Setting = Setting::new(
    "GITLAB_GROUP_PATH",
    Kind::Text { max: 255 },
    "group used when a call names none",
)
.aliases(&["GITLAB_DEFAULT_NAMESPACE"]);
static RESULT_BYTES: Setting = Setting::new(
    "GITLAB_RESULT_BYTES",
    Kind::Integer {
        min: 4_096,
        max: 1_048_576,
    },
    "longest result of one call",
)
.default("65536");
static MAX_PAGES: Setting = Setting::new(
    "GITLAB_MAX_PAGES",
    Kind::Integer { min: 1, max: 100 },
    "pages one call may walk",
)
.default("20");
static STRICT: Setting =
    Setting::new("GITLAB_STRICT_ARGS", Kind::Bool, "refuse unknown arguments").default("true");
static ENCODING: Setting = Setting::new(
    "GITLAB_REPO_FILE_ENCODING",
    Kind::OneOf(&["text", "base64"]),
    "how files are written",
)
.flag("--repo-file-encoding")
.default("text");
static QUICK_ACTIONS: Setting = Setting::new(
    "GITLAB_ALLOW_QUICK_ACTIONS",
    Kind::Bool,
    "let lines such as /close in texts through to GitLab",
)
.default("false");
static TIMEOUT: Setting = Setting::new(
    "GITLAB_TOOL_TIMEOUT_MS",
    Kind::Integer {
        min: 1_000,
        max: 2_147_483_647,
    },
    "longest run of one tool call",
)
.default("120000");

/// Which tools exist, and the limits they run under.
#[derive(Debug)]
pub struct ToolsConfig {
    /// The operator's rules.
    pub policy: PolicyInput,
    /// Settings of the tool layer.
    pub settings: ToolSettings,
    /// Longest run of one call.
    pub timeout: Duration,
}

impl Section for ToolsConfig {
    const SETTINGS: &'static [&'static Setting] = &[
        &PERMISSION_MODE,
        &READ_ONLY,
        &TOOLSETS,
        &TOOLS,
        &ALLOWED,
        &ALLOWED_PATTERN,
        &DENIED_PATTERN,
        &HIDDEN,
        &PROJECT,
        &GROUP,
        &RESULT_BYTES,
        &MAX_PAGES,
        &STRICT,
        &ENCODING,
        &QUICK_ACTIONS,
        &TIMEOUT,
    ];

    fn read(reader: &mut Reader) -> Self {
        let policy = PolicyInput {
            toolsets: if_set(reader, &TOOLSETS),
            tools: reader.list(&TOOLS),
            allowed_tools: if_set(reader, &ALLOWED),
            allowed_pattern: reader.pattern(&ALLOWED_PATTERN),
            denied_pattern: reader.pattern(&DENIED_PATTERN),
            hidden: reader.list(&HIDDEN),
            mode: permission::mode(reader),
        };
        let settings = ToolSettings {
            result_bytes: usize::try_from(reader.integer(&RESULT_BYTES)).unwrap_or(65_536),
            default_project: reader.text(&PROJECT),
            default_group: reader.text(&GROUP),
            strict_arguments: reader.flag(&STRICT),
            file_encoding: reader.one_of(&ENCODING),
            allow_quick_actions: reader.flag(&QUICK_ACTIONS),
            max_pages: u32::try_from(reader.integer(&MAX_PAGES)).unwrap_or(20),
        };
        Self {
            policy,
            settings,
            timeout: Duration::from_millis(reader.integer(&TIMEOUT)),
        }
    }
}

impl ToolsConfig {
    /// Resolves the rules against what is linked; what is wrong goes to `reader`.
    pub fn resolve(&self, catalog: &Catalog, reader: &mut Reader) -> Option<Policy> {
        match Policy::new(self.policy.clone(), catalog) {
            Ok((policy, warnings)) => {
                for text in warnings {
                    reader.warn(text);
                }
                Some(policy)
            }
            Err(text) => {
                reader.problem(
                    if reader.is_set(&TOOLSETS) {
                        &TOOLSETS
                    } else {
                        &ALLOWED
                    },
                    text,
                );
                None
            }
        }
    }
}

fn if_set(reader: &mut Reader, setting: &'static Setting) -> Option<Vec<String>> {
    reader.is_set(setting).then(|| reader.list(setting))
}
