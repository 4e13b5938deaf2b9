//! What every setting is until an administrator changes it.

use serde_json::{Map, Value, json};

fn joined(parts: impl IntoIterator<Item = Value>) -> Map<String, Value> {
    let parts = parts.into_iter().filter_map(|part| match part {
        Value::Object(all) => Some(all),
        _ => None,
    });
    parts.flatten().collect()
}

/// Of the instance.
pub(super) fn settings() -> Map<String, Value> {
    joined([
        accounts(),
        rules(),
        content(),
        habits(),
        limits(),
        sizes(),
        throttles(),
        services(),
        network(),
    ])
}

fn accounts() -> Value {
    json!({
        "id": 1,
        "created_at": "2026-01-01T08:00:00.000Z", "updated_at": "2026-01-01T08:00:00.000Z",
        "default_projects_limit": 100_000, "signup_enabled": true,
        "require_admin_approval_after_user_signup": true, "email_confirmation_setting": "off",
        "password_authentication_enabled_for_web": true,
        "password_authentication_enabled_for_git": true, "minimum_password_length": 8,
        "require_two_factor_authentication": false, "two_factor_grace_period": 48,
        "sign_in_text": "", "after_sign_up_text": "", "after_sign_out_path": "", "home_page_url": "",
        "session_expire_delay": 10_080, "gravatar_enabled": true, "user_oauth_applications": true,
        "user_default_external": false, "user_default_internal_regex": "",
        "user_show_add_ssh_key_message": true, "can_create_group": true,
    })
}

fn rules() -> Value {
    json!({
        "deactivate_dormant_users": false, "deactivate_dormant_users_period": 90,
        "domain_allowlist": [], "domain_denylist": [], "domain_denylist_enabled": false,
        "disabled_oauth_sign_in_sources": [], "enforce_terms": false, "terms": "",
        "max_personal_access_token_lifetime": 365, "personal_access_token_prefix": "glpat-",
        "require_personal_access_token_expiry": true, "admin_mode": false,
        "rsa_key_restriction": 0, "dsa_key_restriction": -1, "ecdsa_key_restriction": 0,
        "ed25519_key_restriction": 0, "ecdsa_sk_key_restriction": 0,
        "ed25519_sk_key_restriction": 0, "unconfirmed_users_delete_after_days": 7,
        "delete_unconfirmed_users": false, "can_create_organization": true,
        "allow_account_deletion": true, "silent_mode_enabled": false,
    })
}

fn content() -> Value {
    json!({
        "default_branch_name": null, "default_branch_protection": 2,
        "default_project_visibility": "private", "default_group_visibility": "private",
        "default_snippet_visibility": "private", "default_project_creation": 2,
        "restricted_visibility_levels": [], "default_artifacts_expire_in": "30 days",
        "default_ci_config_path": "", "auto_devops_enabled": false, "auto_devops_domain": "",
        "deletion_adjourned_period": 30, "delayed_project_deletion": true,
        "delayed_group_deletion": true, "group_owners_can_manage_default_branch_protection": true,
    })
}

fn habits() -> Value {
    json!({
        "default_syntax_highlighting_theme": 1, "default_preferred_language": "en",
        "first_day_of_week": 0, "time_tracking_limit_to_hours": false,
        "keep_latest_artifact": true, "shared_runners_enabled": true, "shared_runners_text": "",
        "suggest_pipeline_enabled": true, "enabled_git_access_protocol": "",
        "import_sources": [],
        "project_export_enabled": true, "bulk_import_enabled": false,
        "gitlab_product_usage_data_enabled": true, "wiki_page_max_content_bytes": 5_242_880,
        "wiki_asciidoc_allow_uri_includes": false, "mirror_available": true,
        "repository_storages_weighted": {"default": 100}, "repository_storages": ["default"],
        "commit_email_hostname": "users.noreply.gitlab.example", "protected_ci_variables": true,
        "disable_feed_token": false, "hide_third_party_offers": false, "version_check_enabled": true,
        "usage_ping_enabled": true, "update_runner_versions_enabled": true,
        "local_markdown_version": 0, "math_rendering_limits_enabled": true,
        "valid_runner_registrars": ["project", "group"], "allow_runner_registration_token": false,
    })
}

fn limits() -> Value {
    json!({
        "max_attachment_size": 100, "max_import_size": 0, "max_export_size": 0,
        "max_artifacts_size": 100, "max_pages_size": 100, "max_yaml_size_bytes": 2_097_152,
        "max_yaml_depth": 100, "max_number_of_repository_downloads": 0, "receive_max_input_size": null,
        "snippet_size_limit": 52_428_800, "notes_create_limit": 300, "issues_create_limit": 0,
        "pipeline_limit_per_project_user_sha": 0, "search_rate_limit": 300,
        "search_rate_limit_unauthenticated": 100, "project_download_export_limit": 1,
        "project_export_limit": 6, "project_import_limit": 6, "group_download_export_limit": 1,
    })
}

fn sizes() -> Value {
    json!({
        "group_export_limit": 6, "group_import_limit": 6, "raw_blob_request_limit": 300,
        "users_get_by_id_limit": 300, "projects_api_limit": 2000, "project_api_limit": 400,
        "groups_api_limit": 200, "group_api_limit": 400, "members_delete_limit": 60,
        "gitaly_timeout_default": 55, "gitaly_timeout_fast": 10, "gitaly_timeout_medium": 30,
        "container_registry_token_expire_delay": 5, "terminal_max_session_time": 0,
        "polling_interval_multiplier": "1.0", "diff_max_patch_bytes": 204_800,
        "diff_max_files": 1000, "diff_max_lines": 50_000, "push_event_hooks_limit": 3,
        "push_event_activities_limit": 3, "invitation_flow_enforcement": false,
    })
}

fn throttles() -> Value {
    json!({
        "throttle_authenticated_api_enabled": false,
        "throttle_authenticated_api_requests_per_period": 7200,
        "throttle_authenticated_api_period_in_seconds": 3600,
        "throttle_authenticated_web_enabled": false,
        "throttle_authenticated_web_requests_per_period": 7200,
        "throttle_authenticated_web_period_in_seconds": 3600,
        "throttle_unauthenticated_api_enabled": false,
        "throttle_unauthenticated_api_requests_per_period": 3600,
        "throttle_unauthenticated_api_period_in_seconds": 3600,
        "throttle_unauthenticated_enabled": false,
        "throttle_unauthenticated_requests_per_period": 3600,
        "throttle_unauthenticated_period_in_seconds": 3600,
        "throttle_protected_paths_enabled": false,
        "throttle_protected_paths_requests_per_period": 10,
        "throttle_protected_paths_period_in_seconds": 60,
        "rate_limiting_response_text": "",
    })
}

fn services() -> Value {
    json!({
        "akismet_enabled": false, "akismet_api_key": null, "recaptcha_enabled": false,
        "plantuml_enabled": false, "plantuml_url": null, "kroki_enabled": false, "kroki_url": null,
        "sourcegraph_enabled": false, "sourcegraph_url": null, "gitpod_enabled": false,
        "prometheus_metrics_enabled": true, "snowplow_enabled": false, "sentry_enabled": false,
        "asset_proxy_enabled": false, "asset_proxy_url": null, "asset_proxy_allowlist": [],
        "external_authorization_service_enabled": false,
        "external_authorization_service_url": null,
        "external_authorization_service_default_label": "",
        "external_authorization_service_timeout": 0.5,
    })
}

fn network() -> Value {
    json!({
        "allow_local_requests_from_hooks_and_services": false,
        "allow_local_requests_from_web_hooks_and_services": false,
        "allow_local_requests_from_system_hooks": true,
        "outbound_local_requests_whitelist": [], "dns_rebinding_protection_enabled": true,
        "housekeeping_enabled": true, "container_registry_expiration_policies_worker_capacity": 4,
        "container_registry_delete_tags_service_timeout": 250, "spam_check_endpoint_enabled": false,
        "performance_bar_allowed_group_id": null, "performance_bar_enabled": false,
        "file_template_project_id": null, "geo_node_allowed_ips": "0.0.0.0/0, ::/0",
        "maintenance_mode": false, "maintenance_mode_message": null, "jira_connect_application_key": null,
        "help_page_text": null, "help_page_url": "", "help_page_hide_commercial_content": false,
    })
}

/// Of the looks.
pub(super) fn appearance() -> Map<String, Value> {
    joined([json!({
        "title": "", "description": "", "pwa_name": "", "pwa_short_name": "",
        "pwa_description": "", "pwa_icon": null, "logo": null, "header_logo": null,
        "favicon": null, "member_guidelines": "", "new_project_guidelines": "",
        "profile_image_guidelines": "", "header_message": "", "footer_message": "",
        "message_background_color": "#E75E40", "message_font_color": "#FFFFFF",
        "email_header_and_footer_enabled": false,
    })])
}

/// Of the default plan, in bytes and counts.
pub(super) fn plan_limits() -> Map<String, Value> {
    joined([json!({
        "ci_instance_level_variables": 25, "ci_pipeline_size": 0, "ci_active_jobs": 0,
        "ci_project_subscriptions": 2, "ci_pipeline_schedules": 10, "ci_needs_size_limit": 50,
        "ci_registered_group_runners": 1000, "ci_registered_project_runners": 1000,
        "conan_max_file_size": 3_221_225_472_u64, "enforcement_limit": 0,
        "generic_packages_max_file_size": 5_368_709_120_u64, "helm_max_file_size": 5_242_880,
        "maven_max_file_size": 3_221_225_472_u64, "notification_limit": 0,
        "npm_max_file_size": 524_288_000, "nuget_max_file_size": 524_288_000,
        "pipeline_hierarchy_size": 1000, "pypi_max_file_size": 3_221_225_472_u64,
        "terraform_module_max_file_size": 1_073_741_824, "storage_size_limit": 0,
    })])
}
