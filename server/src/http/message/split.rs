//! The items of a JSON array that is known to be well formed, as slices of its text.

/// The items of `array`, or `None` when there are more than `most`.
pub(crate) fn items(array: &[u8], most: usize) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    let mut start = None;
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in array.iter().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let opened = depth == 1 && *byte == b'[' && start.is_none() && found.is_empty();
        let ends = (depth == 1 && *byte == b',') || (depth == 0 && *byte == b']');
        if opened {
            start = Some(at + 1);
        } else if ends && let Some(from) = start {
            let item = array.get(from..at).unwrap_or_default().trim_ascii();
            if !item.is_empty() {
                found.push(item);
            }
            if found.len() > most {
                return None;
            }
            start = Some(at + 1);
        }
    }
    Some(found)
}
