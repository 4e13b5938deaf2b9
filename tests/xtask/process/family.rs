//! Who descends from a child. PostgreSQL gives each of its processes a group of its own, which no
//! signal to the child's group reaches. <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>

use std::fs;

/// The groups of a child of ours: its own first, then those of its descendants. Where the system does
/// not tell, its own alone.
pub(super) fn groups(child: u32) -> Vec<u32> {
    let all = everybody();
    let mut family = vec![child];
    let mut groups = vec![child];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        next += 1;
        for (process, _, group) in all.iter().filter(|(_, own, _)| *own == parent) {
            family.push(*process);
            if !groups.contains(group) {
                groups.push(*group);
            }
        }
    }
    groups
}

/// Whether a process starts no more others: it is stopped or has ended. True where the system does not
/// tell.
pub(super) fn is_at_rest(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"));
    let state = stat.ok().and_then(|stat| state(&stat));
    state.is_none_or(|state| matches!(state, 'T' | 't' | 'Z' | 'X'))
}

/// Of `1 (name) S parent group …`.
fn state(stat: &str) -> Option<char> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.trim_start().chars().next()
}

/// Process, parent and group of everybody.
fn everybody() -> Vec<(u32, u32, u32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let told = entries.filter_map(|entry| {
        let process: u32 = entry.file_name().to_str()?.parse().ok()?;
        let (parent, group) =
            parent_and_group(&fs::read_to_string(entry.path().join("stat")).ok()?)?;
        Some((process, parent, group))
    });
    told.collect()
}

/// Of `1 (name) S parent group …`; a name may hold anything.
fn parent_and_group(stat: &str) -> Option<(u32, u32)> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut words = rest.split_ascii_whitespace().skip(1);
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_the_rest() {
        assert_eq!(parent_and_group("7 (a) S 1 2) S 3 4 5"), Some((3, 4)));
        assert_eq!(parent_and_group("7 (a"), None);
        assert_eq!(state("7 (a) S 1 2) T 3 4 5"), Some('T'));
        assert_eq!(state("7 (a"), None);
    }
}
