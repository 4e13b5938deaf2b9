//! A believable GitLab.
