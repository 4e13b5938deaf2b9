//! Rules about who may push and delete which packages and container images.
//! <https://docs.gitlab.com/api/project_packages_protection_rules/>

use crate::context::Cx;
use crate::rest::conventions::resources::Fields;
use crate::rest::conventions::resources::{Field, Resource, Spec, create, delete, list, update};
use crate::routes::RouteTable;
use crate::world::{Home, Record};

const LEVELS: &[&str] = &["maintainer", "owner", "admin"];
const TYPES: &[&str] = &["npm", "conan", "generic", "helm", "maven", "nuget", "pypi"];

const RULE: Spec = Spec {
    word: "",
    parameter: "rule_id",
    times: false,
    view: with_project,
    ..Spec::USUAL
};

struct PackageRules;

impl Resource for PackageRules {
    const SPEC: Spec = Spec {
        kind: "package protection rule",
        fields: &[
            Field::text("package_name_pattern").required(),
            Field::choice("package_type", TYPES).required(),
            Field::choice("minimum_access_level_for_push", LEVELS),
            Field::choice("minimum_access_level_for_delete", &["owner", "admin"]),
        ],
        unique: &["package_name_pattern"],
        ..RULE
    };
}

struct ImageRules;

impl Resource for ImageRules {
    const SPEC: Spec = Spec {
        kind: "registry protection rule",
        fields: &[
            Field::text("repository_path_pattern").required(),
            Field::choice("minimum_access_level_for_push", LEVELS),
            Field::choice("minimum_access_level_for_delete", LEVELS),
        ],
        unique: &["repository_path_pattern"],
        ..RULE
    };
}

pub(super) fn routes(table: &mut RouteTable) {
    four::<PackageRules>(table, "projects/:id/packages/protection/rules");
    four::<ImageRules>(table, "projects/:id/registry/protection/repository/rules");
}

fn four<R: Resource>(table: &mut RouteTable, base: &str) {
    table.get(base, |cx| list(cx, &R::SPEC));
    table.post(base, |cx| create(cx, &R::SPEC));
    table.patch(&format!("{base}/:rule_id"), |cx| update(cx, &R::SPEC));
    table.delete(&format!("{base}/:rule_id"), |cx| delete(cx, &R::SPEC));
}

fn with_project(_cx: &Cx<'_>, rule: &Record, all: &mut Fields) {
    if let Home::Project(id) = rule.home {
        all.insert("project_id".to_owned(), id.into());
    }
}
