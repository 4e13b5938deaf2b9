//! Files and trees: <https://docs.gitlab.com/api/repository_files/>,
//! <https://docs.gitlab.com/api/repositories/>

use crate::prelude::*;

mod create;
mod files;
mod fork;
mod push;
mod read;
mod search;
mod tree;

toolset!(
    /// Files, folders and commits that change them.
    Repositories, "repositories", "Files and folders of a repository.", default = true
);
