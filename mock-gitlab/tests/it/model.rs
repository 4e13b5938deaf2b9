//! Random histories of people, groups, projects, issues and labels, told to the mock and to a
//! small model of GitLab's rules: both must answer the same at every step, and both must show
//! everybody the same world in the end.
//!
//! `MOCK_GITLAB_RUNS` says how many histories are told.

mod lists;
mod members;
mod people;
mod projects;
mod rules;
mod steps;
mod told;
mod work;

use proptest::prelude::prop;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use mock_gitlab::{MockGitlab, World};
use rules::Model;
use steps::Step;

const USUAL_RUNS: u32 = 24;
const LONGEST: usize = 60;

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how long to test is said from outside"
)]
fn the_mock_and_the_model_tell_the_same_story() {
    let runs = std::env::var("MOCK_GITLAB_RUNS").ok();
    let runs = runs.map_or(USUAL_RUNS, |text| {
        text.parse().expect("MOCK_GITLAB_RUNS is a number")
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let config = Config {
        cases: runs,
        failure_persistence: None,
        ..Config::default()
    };
    let histories = prop::collection::vec(steps::any(), 1..LONGEST);
    let told = TestRunner::new(config).run(&histories, |history| {
        runtime
            .block_on(tell(&history))
            .map_err(TestCaseError::fail)
    });
    if let Err(problem) = told {
        panic!("{problem}");
    }
}

/// Plays one history; the error names the step at which the two part.
async fn tell(history: &[Step]) -> Result<(), String> {
    let gl = MockGitlab::builder()
        .world(World::empty())
        .start()
        .await
        .map_err(|error| error.to_string())?;
    let mut model = Model::new();
    for name in steps::PEOPLE {
        people::make_user(&gl, &mut model, name).await?;
    }
    for (number, step) in history.iter().enumerate() {
        let outcome = step.play(&gl, &mut model).await;
        outcome.map_err(|parted| format!("step {number}, {step:?}: {parted}"))?;
    }
    lists::compare(&gl, &model).await?;
    gl.shutdown().await;
    Ok(())
}
