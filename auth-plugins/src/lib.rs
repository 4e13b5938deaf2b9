//! The built-in ways to sign in.
