//! Licences to choose from. <https://docs.gitlab.com/api/templates/licenses/>

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
use crate::rest::conventions::pagination;

/// Key as in the SPDX list, name, nickname, and whether many choose it.
const LICENSES: [(&str, &str, Option<&str>, bool); 12] = [
    (
        "agpl-3.0",
        "GNU Affero General Public License v3.0",
        Some("GNU AGPLv3"),
        false,
    ),
    ("apache-2.0", "Apache License 2.0", None, true),
    (
        "bsd-2-clause",
        "BSD 2-Clause \"Simplified\" License",
        None,
        false,
    ),
    (
        "bsd-3-clause",
        "BSD 3-Clause \"New\" or \"Revised\" License",
        None,
        false,
    ),
    ("bsl-1.0", "Boost Software License 1.0", None, false),
    (
        "cc0-1.0",
        "Creative Commons Zero v1.0 Universal",
        None,
        false,
    ),
    ("epl-2.0", "Eclipse Public License 2.0", None, false),
    (
        "gpl-3.0",
        "GNU General Public License v3.0",
        Some("GNU GPLv3"),
        true,
    ),
    (
        "lgpl-2.1",
        "GNU Lesser General Public License v2.1",
        Some("GNU LGPLv2.1"),
        false,
    ),
    ("mit", "MIT License", None, true),
    ("mpl-2.0", "Mozilla Public License 2.0", None, false),
    ("unlicense", "The Unlicense", None, false),
];

pub(super) fn list(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let popular = cx.params.flag("popular")?;
    let found: Vec<_> = LICENSES
        .iter()
        .filter(|license| popular.is_none_or(|wanted| license.3 == wanted))
        .collect();
    pagination::offset(cx, &found, |license| entity(cx, license))
}

pub(super) fn get(cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    let key = cx.path.get("key").to_lowercase();
    let found = LICENSES.iter().find(|license| license.0 == key);
    let license = found.ok_or_else(|| ApiError::not_found("License"))?;
    Ok(Answer::json(&entity(cx, license)))
}

/// The notice with year and name filled in, and where the terms stand.
fn entity(cx: &Cx<'_>, license: &(&str, &str, Option<&str>, bool)) -> Value {
    let (key, name, nickname, popular) = license;
    let year: String = cx.now.date().chars().take(4).collect();
    let person = cx.caller.user.and_then(|id| cx.world.users.get(&id));
    let holder = cx.params.filled("fullname");
    let holder = holder.or_else(|| person.map(|user| user.name.clone()));
    let holder = holder.unwrap_or_else(|| "[fullname]".to_owned());
    let project = cx.params.filled("project");
    let project = project.map_or_else(String::new, |project| format!("{project}\n\n"));
    let source = format!("https://spdx.org/licenses/{key}.html");
    json!({
        "key": key,
        "name": name,
        "nickname": nickname,
        "popular": popular,
        "html_url": format!("https://choosealicense.com/licenses/{key}/"),
        "source_url": source,
        "description": format!("The terms of the {name}."),
        "conditions": ["include-copyright"],
        "permissions": ["commercial-use", "modifications", "distribution", "private-use"],
        "limitations": ["liability", "warranty"],
        "content": format!(
            "{name}\n\n{project}Copyright (c) {year} {holder}\n\nThe terms stand at {source}\n"
        ),
    })
}
