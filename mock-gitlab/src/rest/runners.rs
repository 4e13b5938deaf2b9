//! Runners: made by people, then speaking for themselves with their own token.
//! <https://docs.gitlab.com/api/runners/>

mod change;
pub(crate) mod entity;
mod jobs;
mod lists;
mod machine;
mod payload;

use crate::context::Cx;
use crate::error::ApiError;
use crate::routes::RouteTable;
use crate::world::access::{MAINTAINER, OWNER};
use crate::world::{Reach, Runner};

pub(crate) fn routes(table: &mut RouteTable) {
    table
        .post("user/runners", change::create)
        .also(&["create_runner"]);
    table.get("runners", lists::own);
    table.get("runners/all", lists::all);
    table
        .get("runners/:runner_id", change::get)
        .also(&["manage_runner"]);
    table
        .put("runners/:runner_id", change::update)
        .also(&["manage_runner"]);
    table
        .delete("runners/:runner_id", change::delete)
        .also(&["manage_runner"]);
    table.get("runners/:runner_id/jobs", lists::jobs);
    table.get("runners/:runner_id/managers", lists::managers);
    table.post(
        "runners/:runner_id/reset_authentication_token",
        change::reset_token,
    );
    table.get("projects/:id/runners", lists::of_project);
    table.post("projects/:id/runners", change::enable);
    table.delete("projects/:id/runners/:runner_id", change::disable);
    table.get("groups/:id/runners", lists::of_group);
    machine::routes(table);
    jobs::routes(table);
}

impl Cx<'_> {
    /// The runner in the path, if the caller looks after it: 404 when there is none, 403
    /// for those who only know that it is there.
    fn runner(&self) -> Result<Runner, ApiError> {
        self.user()?;
        let id = self.number("runner_id", "Runner")?;
        let runner = self.world.runners.get(&id);
        let runner = runner.ok_or_else(|| ApiError::not_found("Runner"))?;
        if self.keeps(runner) {
            return Ok(runner.clone());
        }
        Err(ApiError::forbidden_because("No access granted"))
    }

    /// Administrators keep all, owners those of their groups, maintainers those of their
    /// projects.
    fn keeps(&self, runner: &Runner) -> bool {
        let maintains = |id: &u64| {
            let project = self.world.projects.get(id);
            project.is_some_and(|project| self.level_in(project) >= MAINTAINER)
        };
        let owns = |id: &u64| {
            let group = self.world.groups.get(id);
            group.is_some_and(|group| self.level_in_group(group) >= OWNER)
        };
        match &runner.reach {
            Reach::Instance => self.is_admin(),
            Reach::Group(id) => owns(id),
            Reach::Projects(_, projects) => self.is_admin() || projects.iter().any(maintains),
        }
    }
}
