//! Files and trees: <https://docs.gitlab.com/api/repository_files/>,
//! <https://docs.gitlab.com/api/repositories/>

use crate::prelude::*;

mod files;

toolset!(
    /// Files, folders and commits that change them.
    Repositories, "repositories", "Files and folders of a repository.", default = true
);
