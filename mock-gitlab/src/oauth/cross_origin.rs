//! Requests from pages of other origins.
//! <https://docs.gitlab.com/api/rest/#cross-origin-resource-sharing>

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;

/// For routes that browsers post to.
pub(super) const POST: &str = "POST";
/// For documents.
pub(super) const READ: &str = "GET, HEAD";
/// For the one route that is both.
pub(super) const BOTH: &str = "GET, HEAD, POST, OPTIONS";

/// Lets any origin read the answer, good or bad.
pub(super) fn open(
    cx: &Cx<'_>,
    methods: &str,
    answer: Result<Answer, ApiError>,
) -> Result<Answer, ApiError> {
    if cx.request.header("origin").is_none() {
        return answer;
    }
    match answer {
        Ok(answer) => Ok(allow(answer, methods)),
        Err(error) => Err(allow(error.into(), methods).into()),
    }
}

fn allow(answer: Answer, methods: &str) -> Answer {
    answer
        .header("Access-Control-Allow-Origin", "*")
        .header("Access-Control-Allow-Methods", methods)
        .header("Access-Control-Max-Age", "7200")
}

/// Answers the question before the request.
fn preflight(methods: &str) -> Answer {
    let answer = Answer {
        status: 200,
        ..Answer::no_content()
    };
    allow(answer, methods).header("Access-Control-Allow-Headers", "Authorization")
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
pub(super) fn before_post(_cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    Ok(preflight(POST))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
pub(super) fn before_read(_cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    Ok(preflight(READ))
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a handler")]
pub(super) fn before_both(_cx: &mut Cx<'_>) -> Result<Answer, ApiError> {
    Ok(preflight(BOTH))
}
