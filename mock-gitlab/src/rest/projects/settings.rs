//! The settings of a project and their defaults. The same names are writable.

use serde_json::{Map, Value, json};

/// What a setting is until somebody changes it.
pub(super) fn defaults() -> Map<String, Value> {
    [access_levels(), behaviour()]
        .into_iter()
        .flat_map(into_map)
        .collect()
}

fn into_map(value: Value) -> Map<String, Value> {
    if let Value::Object(all) = value {
        all
    } else {
        Map::new()
    }
}

fn access_levels() -> Value {
    json!({
    "container_registry_enabled": true, "issues_enabled": true, "merge_requests_enabled": true,
        "wiki_enabled": true, "jobs_enabled": true, "snippets_enabled": true,
        "service_desk_enabled": false, "service_desk_address": null,
        "can_create_merge_request_in": true,
        "issues_access_level": "enabled", "repository_access_level": "enabled",
        "merge_requests_access_level": "enabled", "forking_access_level": "enabled",
        "wiki_access_level": "enabled", "builds_access_level": "enabled",
        "snippets_access_level": "enabled", "pages_access_level": "private",
        "analytics_access_level": "enabled", "container_registry_access_level": "enabled",
        "security_and_compliance_access_level": "private", "releases_access_level": "enabled",
        "environments_access_level": "enabled", "feature_flags_access_level": "enabled",
        "infrastructure_access_level": "enabled", "monitor_access_level": "enabled",
        "model_experiments_access_level": "enabled", "model_registry_access_level": "enabled",
        "package_registry_access_level": "enabled", "requirements_access_level": "enabled",
    })
}

fn behaviour() -> Value {
    json!({
        "emails_disabled": false, "emails_enabled": true, "shared_runners_enabled": true,
        "lfs_enabled": true, "public_jobs": true, "shared_with_groups": [],
        "only_allow_merge_if_pipeline_succeeds": false, "allow_merge_on_skipped_pipeline": null,
        "request_access_enabled": true, "only_allow_merge_if_all_discussions_are_resolved": false,
        "remove_source_branch_after_merge": true, "printing_merge_request_link_enabled": true,
        "merge_method": "merge", "squash_option": "default_off", "enforce_auth_checks_on_uploads": true,
        "suggestion_commit_message": null, "merge_commit_template": null,
        "squash_commit_template": null, "issue_branch_template": null,
        "auto_devops_enabled": false, "auto_devops_deploy_strategy": "continuous",
        "autoclose_referenced_issues": true, "keep_latest_artifact": true,
        "ci_default_git_depth": 20, "ci_config_path": "", "ci_forward_deployment_enabled": true,
        "ci_job_token_scope_enabled": false, "build_timeout": 3600, "auto_cancel_pending_pipelines": "enabled",
        "issues_template": null, "merge_requests_template": null,
        "merge_pipelines_enabled": false, "merge_trains_enabled": false,
        "only_allow_merge_if_all_status_checks_passed": false, "approvals_before_merge": 0,
        "mirror": false, "external_authorization_classification_label": "",
    })
}
