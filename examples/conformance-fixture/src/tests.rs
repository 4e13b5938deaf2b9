//! What is registered, and how it behaves towards a client of either era.

mod client;
mod registered;
mod rounds;
