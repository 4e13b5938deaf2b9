//! A person signs in: with the browser of this machine while a tool call waits, and with
//! `gitlab-mcp auth` and any browser. The server is a process of its own throughout, because what
//! it prints and what it starts are part of the behaviour.

mod browser;
mod device;
mod elicitation;
mod home;
mod link;
