//! Who has to approve: rules of projects, and of single merge requests.
//! <https://docs.gitlab.com/user/project/merge_requests/approvals/rules/>

use serde_json::Value;

use super::MergeRequest;
use crate::world::{Home, Record, World};

/// The kind of the records.
pub const APPROVAL_RULE: &str = "approval rule";

impl World {
    /// The users who can satisfy a rule: its users and the members of its groups.
    pub fn eligible_approvers(&self, rule: &Record) -> Vec<u64> {
        let ids = |name: &str| {
            let list = rule.fields.get(name).and_then(Value::as_array);
            let list = list.into_iter().flatten();
            list.filter_map(Value::as_u64).collect::<Vec<u64>>()
        };
        let mut users = ids("user_ids");
        for group in ids("group_ids") {
            let members = self.ancestry(group).flat_map(|above| &above.members);
            users.extend(members.map(|member| member.user));
        }
        users.retain(|id| self.users.contains_key(id));
        users.sort_unstable();
        users.dedup();
        users
    }

    /// The rules that hold for a merge request: its own, or else those of the project.
    pub fn rules_for(&self, request: &MergeRequest) -> Vec<&Record> {
        let own = self.records_in(APPROVAL_RULE, Home::MergeRequest(request.id));
        let own: Vec<&Record> = own.collect();
        if !own.is_empty() {
            return own;
        }
        let project = self.projects.get(&request.project);
        let protected = project.map(|project| &project.protected_branches);
        let covers = |id: u64| {
            let mut rules = protected.into_iter().flatten();
            rules.any(|rule| rule.id == id && rule.covers(&request.target_branch))
        };
        self.records_in(APPROVAL_RULE, Home::Project(request.project))
            .filter(|rule| {
                let ids = rule.fields.get("protected_branch_ids");
                let ids = ids.and_then(Value::as_array);
                let none = ids.is_none_or(Vec::is_empty);
                none || ids
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_u64)
                    .any(covers)
            })
            .collect()
    }

    /// Approvals a rule still waits for.
    pub fn missing_for(&self, rule: &Record, request: &MergeRequest) -> usize {
        let wanted = usize::try_from(rule.number("approvals_required")).unwrap_or(usize::MAX);
        let given = if rule.text("rule_type") == "any_approver" {
            request.approved_by.len()
        } else {
            let eligible = self.eligible_approvers(rule);
            let given = request.approved_by.iter();
            given.filter(|user| eligible.contains(user)).count()
        };
        wanted.saturating_sub(given)
    }

    /// Approvals that are still missing.
    pub fn approvals_left(&self, request: &MergeRequest) -> usize {
        let any = self
            .approvals_required(request.project)
            .saturating_sub(request.approved_by.len());
        let rules = self.rules_for(request);
        let missing = rules.iter().map(|rule| self.missing_for(rule, request));
        any.max(missing.sum())
    }
}
