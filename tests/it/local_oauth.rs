//! `local-oauth` through the front door: the token file, its renewal and the token script. The
//! sign-in itself is tested beside it.

mod desk;
mod file;
mod processes;
mod renewal;
mod script;
