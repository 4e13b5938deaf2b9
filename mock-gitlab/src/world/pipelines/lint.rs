//! Checking a `.gitlab-ci.yml`. <https://docs.gitlab.com/api/lint/>

use super::configuration;
use crate::world::World;

/// What the linter says.
#[derive(Clone, Debug)]
pub struct Lint {
    /// What is wrong; nothing when the file is fine.
    pub errors: Vec<String>,
    /// Name, stage and script of each job.
    pub jobs: Vec<(String, String, Vec<String>)>,
}

impl World {
    /// Checks the text of a configuration.
    pub fn lint(text: &str) -> Lint {
        Lint {
            errors: configuration::problems(text),
            jobs: configuration::outline(text),
        }
    }
}
