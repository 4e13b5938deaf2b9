//! What a broken GitLab does to the client: every case ends in time, with the right words, and
//! with the credential nowhere but in the one header it belongs to.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should say so loudly"
)]

mod attachments;
mod bench;
mod certificates;
mod connections;
mod expectations;
mod hosts;
mod names;
mod pages;
mod paging;
mod proxies;
mod rate_limits;
mod redirects;
mod refusals;
mod renewal;
mod reply;
mod retries;
mod tls;
mod upstream;
mod wire;
