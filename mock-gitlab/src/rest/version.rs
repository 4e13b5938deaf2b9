//! Version and metadata. <https://docs.gitlab.com/api/metadata/>

use serde_json::json;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;

pub(crate) fn routes(table: &mut RouteTable) {
    table.get("version", metadata).also(&["read_user"]);
    table.get("metadata", metadata).also(&["read_user"]);
}

fn metadata(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    cx.user()?;
    let version = &cx.site.version;
    Ok(Answer::json(&json!({
        "version": version,
        "revision": "6c1f9b7a2de",
        "kas": {
            "enabled": false,
            "externalUrl": null,
            "externalK8sProxyUrl": null,
            "version": null,
        },
        "enterprise": version.ends_with("-ee"),
    })))
}
